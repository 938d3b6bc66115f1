-- +goose Up

-- Acts on many examples at once --------------------------------------------------------

-- An act is frozen when it is drafted: its items are the examples that were chosen,
-- each at the revision and status that was seen then. What somebody changes before
-- the act comes to it is left alone.
CREATE TABLE acts (
    dataset_id   uuid        NOT NULL,
    id           uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('approve', 'reject', 'move', 'tag', 'untag', 'assign', 'waive', 'replace', 'restore')),
    state        text        NOT NULL CHECK (state IN ('draft', 'queued', 'running', 'done', 'failed', 'undoing', 'undone')),
    selection    text        NOT NULL DEFAULT '{}', -- how the examples were chosen: a filter, or by hand
    parameters   text        NOT NULL DEFAULT '{}', -- reason, target, pattern: what the kind needs
    forecast     text        NOT NULL DEFAULT '',   -- JSON: what trying it out said would happen
    author_id    uuid        NOT NULL,
    author       text        NOT NULL,              -- the name at that time
    total        integer     NOT NULL,              -- examples chosen
    changed      integer     NOT NULL DEFAULT 0,    -- of them, those that the act changed
    stayed       integer     NOT NULL DEFAULT 0,    -- and those that it left alone, each with a reason
    reversed     integer     NOT NULL DEFAULT 0,    -- of the changed ones, those that the undo brought back
    kept         integer     NOT NULL DEFAULT 0,    -- and those that somebody had touched since
    worker       uuid,                              -- who runs it now; fences a worker that came back from the dead
    heartbeat_at timestamptz,
    error        text        NOT NULL DEFAULT '',
    undone_by_id uuid,
    undone_by    text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    undone_at    timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX acts_open_idx ON acts (dataset_id, state, id) WHERE state IN ('draft', 'queued', 'running', 'undoing');

-- The row of an example is written in the transaction that changes the example: what
-- is done is never done again, and what is not done is found after any crash.
CREATE TABLE act_items (
    dataset_id  uuid           NOT NULL,
    act_id      uuid           NOT NULL,
    example_id  uuid           NOT NULL,
    revision    integer        NOT NULL, -- seen when the act was drafted
    status      example_status NOT NULL, -- likewise
    outcome     text           NOT NULL DEFAULT 'waiting' CHECK (outcome IN ('waiting', 'changed', 'stayed', 'reversed', 'kept')),
    reason      text           NOT NULL DEFAULT '', -- why it stayed, or was kept
    result      text           NOT NULL DEFAULT '', -- in a few words: approved, escalated, first of two approvals
    undo        text           NOT NULL DEFAULT '', -- JSON: what takes it back
    PRIMARY KEY (dataset_id, act_id, example_id)
) WITH (fillfactor = 85);
CREATE INDEX act_items_outcome_idx ON act_items (dataset_id, act_id, outcome, example_id);
CREATE INDEX act_items_example_idx ON act_items (dataset_id, example_id) WHERE outcome IN ('changed', 'reversed', 'kept');

-- Words that people put on examples to find them again.
CREATE TABLE example_tags (
    dataset_id uuid        NOT NULL,
    tag        text        NOT NULL CHECK (tag <> '' AND length(tag) <= 40),
    example_id uuid        NOT NULL,
    author_id  uuid        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, tag, example_id)
);
CREATE INDEX example_tags_example_idx ON example_tags (dataset_id, example_id);

-- Telling other programs -----------------------------------------------------------------

CREATE TABLE webhook_endpoints (
    dataset_id    uuid        NOT NULL,
    id            uuid        NOT NULL,
    name          text        NOT NULL,
    url           text        NOT NULL,
    events        text[]      NOT NULL,
    secret        text        NOT NULL, -- signs what is sent, so it can't be kept as a hash only
    author        text        NOT NULL,
    given_up      integer     NOT NULL DEFAULT 0, -- deliveries in a row that were given up
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz,
    disabled_why  text        NOT NULL DEFAULT '',
    removed_at    timestamptz,
    PRIMARY KEY (dataset_id, id)
);

-- What is to be sent, in the transaction of the change that it tells of.
CREATE TABLE webhook_deliveries (
    dataset_id    uuid        NOT NULL,
    id            uuid        NOT NULL,
    endpoint_id   uuid        NOT NULL,
    event         text        NOT NULL,
    body          text        NOT NULL, -- JSON, exactly as it is sent
    state         text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given up')),
    tries         integer     NOT NULL DEFAULT 0, -- since it was made or sent again by hand
    next_at       timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz,                    -- somebody is sending it now
    created_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX webhook_deliveries_endpoint_idx ON webhook_deliveries (dataset_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_waiting_idx ON webhook_deliveries (dataset_id, next_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_old_idx ON webhook_deliveries (dataset_id, created_at);

-- Every time something was sent, and what came back.
CREATE TABLE webhook_attempts (
    dataset_id  uuid        NOT NULL,
    delivery_id uuid        NOT NULL,
    id          uuid        NOT NULL,
    status      integer     NOT NULL DEFAULT 0,  -- of HTTP; 0: there was no answer
    millis      integer     NOT NULL,
    response    text        NOT NULL DEFAULT '', -- the beginning of the answer
    error       text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, delivery_id, id)
);

-- +goose Down
DROP TABLE webhook_attempts, webhook_deliveries, webhook_endpoints, example_tags, act_items, acts;
