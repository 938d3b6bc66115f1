-- +goose Up

-- Independent verdicts by time, for figures of agreement: with everything that
-- they count in the index.
CREATE INDEX decisions_verdict_idx ON decisions (dataset_id, created_at)
    INCLUDE (id, example_id, revision, reviewer_id, verdict, new_revision)
    WHERE verdict IN ('approve', 'reject') AND kind IN ('review', 'second');

-- What one reviewer's looks came to.
CREATE INDEX looks_reviewer_idx ON looks (dataset_id, reviewer_id, kind, id) WHERE decision_id IS NOT NULL;

-- A random sample of a batch that people review to judge the whole batch. How it
-- was drawn is kept, so that anybody can draw it again: see docs/sampling.md.
CREATE TABLE samples (
    dataset_id    uuid        NOT NULL,
    id            uuid        NOT NULL,
    name          text        NOT NULL,
    batch         text        NOT NULL CHECK (batch IN ('import', 'source', 'category', 'metadata')),
    key           text        NOT NULL, -- an id, 'category/subcategory', or 'field=value'
    scope         text        NOT NULL CHECK (scope IN ('pending', 'all')), -- of the batch: what waits, or everything
    frame_size    integer     NOT NULL, -- examples that could be drawn
    frame_hash    bytea       NOT NULL, -- SHA-256 of their ids in order
    frame_last    uuid        NOT NULL, -- of the batch, nothing above this id was there
    frame         bytea       NOT NULL, -- of the batch in order of id, one bit each: whether it could be drawn; zstd
    seed          bigint      NOT NULL,
    plan          text        NOT NULL, -- JSON: kind and parameters
    n             integer     NOT NULL, -- how many to look at; of a sequential plan at most
    accept        integer     NOT NULL, -- accept with at most so many defects; -1 for a sequential plan
    edits         boolean     NOT NULL, -- approved only after an edit counts as a defect
    drawn         integer     NOT NULL, -- items given to people so far
    state         text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected', 'abandoned')),
    reviewed      integer     NOT NULL DEFAULT 0, -- when it was closed
    defects       integer     NOT NULL DEFAULT 0,
    author_id     uuid        NOT NULL,
    author        text        NOT NULL, -- the name at that time
    created_at    timestamptz NOT NULL DEFAULT now(),
    closed_by     text        NOT NULL DEFAULT '',
    closed_at     timestamptz,
    note          text        NOT NULL DEFAULT '', -- why, said when it was closed
    returned      uuid,                            -- the act that sent the batch back
    PRIMARY KEY (dataset_id, id)
);

-- Its items, in the order in which they were drawn.
CREATE TABLE sample_items (
    dataset_id uuid    NOT NULL,
    sample_id  uuid    NOT NULL,
    ordinal    integer NOT NULL, -- from 1
    example_id uuid    NOT NULL,
    revision   integer NOT NULL, -- the one that was drawn
    outcome    text CHECK (outcome IN ('good', 'edited', 'rejected', 'open')), -- when the sample was closed
    PRIMARY KEY (dataset_id, sample_id, ordinal)
);
CREATE UNIQUE INDEX sample_items_example_key ON sample_items (dataset_id, example_id, sample_id);

-- The work that was given to review them.
CREATE TABLE sample_assignments (
    dataset_id    uuid    NOT NULL,
    sample_id     uuid    NOT NULL,
    assignment_id uuid    NOT NULL,
    first         integer NOT NULL, -- ordinals
    last          integer NOT NULL,
    PRIMARY KEY (dataset_id, sample_id, assignment_id)
);

-- +goose Down
DROP TABLE sample_assignments, sample_items, samples;
DROP INDEX looks_reviewer_idx, decisions_verdict_idx;
