-- +goose Up

-- Near duplicates. Everything here but duplicate_apart and duplicate_of is worked
-- out from the examples and can be made anew.

-- Examples that the search for duplicates has still to look at: they came in,
-- changed, went, or lost a partner. The stamp tells an entry from a later one for
-- the same example, so that a change during the look is not forgotten.
CREATE TABLE duplicate_queue (
    dataset_id uuid    NOT NULL,
    example_id uuid    NOT NULL,
    stamp      bigint  NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    again      boolean NOT NULL DEFAULT false, -- look for partners although nothing changed
    PRIMARY KEY (dataset_id, example_id)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);

-- Which revision was signed by which version of the method, and the keys that it
-- got, so that they can be taken out again.
CREATE TABLE duplicate_signatures (
    dataset_id uuid     NOT NULL,
    example_id uuid     NOT NULL,
    revision   integer  NOT NULL,
    version    smallint NOT NULL,
    keys       bigint[] NOT NULL,
    PRIMARY KEY (dataset_id, example_id)
);

-- Examples that share a key are compared.
CREATE TABLE duplicate_keys (
    dataset_id uuid   NOT NULL,
    key        bigint NOT NULL,
    example_id uuid   NOT NULL,
    PRIMARY KEY (dataset_id, key, example_id)
);

-- Verified pairs. Of a large group there are not all, but enough to connect it.
CREATE TABLE duplicate_pairs (
    dataset_id uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('equal', 'near', 'contradiction', 'variant')),
    a          uuid NOT NULL,
    b          uuid NOT NULL,
    similarity real NOT NULL,
    fields     text NOT NULL DEFAULT '[]', -- JSON pointers of what differs between structured answers
    PRIMARY KEY (dataset_id, kind, a, b),
    CHECK (a < b)
);
CREATE INDEX duplicate_pairs_b_idx ON duplicate_pairs (dataset_id, kind, b, a);

-- Connected components of the pairs of one class: copies (equal and near),
-- contradictions, variants.
CREATE TABLE duplicate_groups (
    dataset_id uuid        NOT NULL,
    id         uuid        NOT NULL,
    class      text        NOT NULL CHECK (class IN ('copy', 'contradiction', 'variant')),
    kind       text        NOT NULL CHECK (kind IN ('equal', 'near', 'contradiction', 'variant')),
    category   text        NOT NULL,
    size       integer     NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX duplicate_groups_kind_idx ON duplicate_groups (dataset_id, kind, category, id);
CREATE INDEX duplicate_groups_id_idx ON duplicate_groups (dataset_id, kind, id);

CREATE TABLE duplicate_members (
    dataset_id uuid NOT NULL,
    class      text NOT NULL,
    example_id uuid NOT NULL,
    group_id   uuid NOT NULL,
    PRIMARY KEY (dataset_id, class, example_id)
);
CREATE INDEX duplicate_members_group_idx ON duplicate_members (dataset_id, group_id, example_id);

-- People's word that the examples of one ruling are not related: two examples
-- that share a ruling of a class are never paired in it again.
CREATE TABLE duplicate_apart (
    dataset_id uuid        NOT NULL,
    example_id uuid        NOT NULL,
    ruling_id  uuid        NOT NULL,
    class      text        NOT NULL CHECK (class IN ('copy', 'contradiction', 'variant')),
    author_id  uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, example_id, ruling_id)
);

-- Which example was rejected in favour of which. It holds while the example is
-- rejected: an undo needs no change here.
CREATE TABLE duplicate_of (
    dataset_id  uuid        NOT NULL,
    example_id  uuid        NOT NULL,
    survivor_id uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('equal', 'near', 'contradiction')),
    author_id   uuid,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, survivor_id, example_id)
);
CREATE INDEX duplicate_of_example_idx ON duplicate_of (dataset_id, example_id);

-- +goose StatementBegin
CREATE FUNCTION queue_for_duplicates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO duplicate_queue (dataset_id, example_id) SELECT dataset_id, id FROM added
        ON CONFLICT (dataset_id, example_id) DO UPDATE SET stamp = excluded.stamp;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO duplicate_queue (dataset_id, example_id) SELECT dataset_id, id FROM removed
        ON CONFLICT (dataset_id, example_id) DO UPDATE SET stamp = excluded.stamp;
    ELSE
        INSERT INTO duplicate_queue (dataset_id, example_id)
        SELECT a.dataset_id, a.id FROM added a JOIN removed r USING (dataset_id, id)
         WHERE a.revision <> r.revision OR a.category <> r.category OR (a.status = 'rejected') <> (r.status = 'rejected')
        ON CONFLICT (dataset_id, example_id) DO UPDATE SET stamp = excluded.stamp;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER examples_duplicates_insert AFTER INSERT ON examples
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION queue_for_duplicates();
CREATE TRIGGER examples_duplicates_update AFTER UPDATE ON examples
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION queue_for_duplicates();
CREATE TRIGGER examples_duplicates_delete AFTER DELETE ON examples
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION queue_for_duplicates();

-- What is here already was never looked at.
INSERT INTO duplicate_queue (dataset_id, example_id) SELECT dataset_id, id FROM examples;

-- +goose Down
DROP TRIGGER examples_duplicates_insert ON examples;
DROP TRIGGER examples_duplicates_update ON examples;
DROP TRIGGER examples_duplicates_delete ON examples;
DROP FUNCTION queue_for_duplicates;
DROP TABLE duplicate_of, duplicate_apart, duplicate_members, duplicate_groups, duplicate_pairs, duplicate_keys, duplicate_signatures, duplicate_queue;
