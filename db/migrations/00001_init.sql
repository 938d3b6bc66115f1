-- +goose Up

-- Every table that belongs to a dataset has dataset_id first in its key, so that
-- the schema can be distributed by dataset later. There are no foreign keys
-- across datasets and no sequences.

CREATE TABLE datasets (
    id         uuid PRIMARY KEY,
    slug       text        NOT NULL UNIQUE,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The catalog is one document per version; the newest version is in force.
CREATE TABLE catalogs (
    dataset_id uuid        NOT NULL,
    version    integer     NOT NULL,
    document   text        NOT NULL,
    author_id  uuid,
    reason     text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, version)
);

-- People -------------------------------------------------------------------

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text        NOT NULL,
    name          text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('admin', 'lead', 'reviewer', 'pm', 'engineer')),
    password_hash text        NOT NULL DEFAULT '',
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE sessions (
    id_hash    bytea PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES users (id),
    data       bytea       NOT NULL DEFAULT '',
    user_agent text        NOT NULL DEFAULT '',
    address    text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);

-- One-time links: the first admin's set-up and invitations.
CREATE TABLE invitations (
    id         uuid PRIMARY KEY,
    token_hash bytea       NOT NULL UNIQUE,
    kind       text        NOT NULL CHECK (kind IN ('setup', 'invitation')),
    email      text        NOT NULL DEFAULT '',
    role       text        NOT NULL,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE TABLE tokens (
    id           uuid PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users (id),
    name         text        NOT NULL,
    token_hash   bytea       NOT NULL UNIQUE,
    prefix       text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX tokens_user_idx ON tokens (user_id);

-- Failed sign-ins, for the throttle. Rows older than a day are swept.
CREATE TABLE login_failures (
    key       text        NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_failures_key_idx ON login_failures (key, failed_at);

-- Secrets the server makes for itself (cookie keys), so that replicas share them.
CREATE TABLE secrets (
    name       text PRIMARY KEY,
    value      bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The record ----------------------------------------------------------------

-- Rows are written unsealed by whoever acts; a background job seals them in
-- order, so that writers do not queue on the last row of the chain.
CREATE TABLE audit_log (
    id         uuid PRIMARY KEY,
    dataset_id uuid,
    at         timestamptz NOT NULL DEFAULT now(),
    actor_id   uuid,
    actor      text        NOT NULL,
    action     text        NOT NULL,
    object     text        NOT NULL DEFAULT '',
    detail     text        NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_at_idx ON audit_log (at DESC, id DESC);

CREATE TABLE audit_seals (
    seq      bigint PRIMARY KEY,
    entry_id uuid  NOT NULL UNIQUE REFERENCES audit_log (id),
    previous bytea NOT NULL,
    hash     bytea NOT NULL
);

-- What the sealer has still to do. An entry that is here but not in audit_log was
-- removed before it was sealed.
CREATE TABLE audit_unsealed (
    entry_id uuid PRIMARY KEY
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);

-- +goose StatementBegin
CREATE FUNCTION queue_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (entry_id) SELECT id FROM added;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER audit_log_queue AFTER INSERT ON audit_log
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION queue_for_seal();

-- Sources and imports ---------------------------------------------------------

CREATE TABLE sources (
    dataset_id uuid        NOT NULL,
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    sha256     bytea       NOT NULL,
    bytes      bigint      NOT NULL,
    media_type text        NOT NULL DEFAULT '',
    licence    text        NOT NULL DEFAULT '',
    channel    text        NOT NULL CHECK (channel IN ('page', 'command', 'api', 'demo')),
    demo       boolean     NOT NULL DEFAULT false,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, id)
);
CREATE UNIQUE INDEX sources_sha256_key ON sources (dataset_id, sha256);

-- The original bytes, in pieces compressed with zstd, in order. They are never
-- updated; a source that never got its row is swept with its chunks.
CREATE TABLE source_chunks (
    dataset_id uuid        NOT NULL,
    source_id  uuid        NOT NULL,
    ordinal    integer     NOT NULL,
    raw_offset bigint      NOT NULL,
    raw_bytes  integer     NOT NULL,
    data       bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, source_id, ordinal)
);
ALTER TABLE source_chunks ALTER COLUMN data SET STORAGE EXTERNAL; -- already compressed

CREATE TABLE import_runs (
    dataset_id     uuid        NOT NULL,
    id             uuid        NOT NULL,
    source_id      uuid        NOT NULL,
    filename       text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    format         text        NOT NULL DEFAULT '',
    options        text        NOT NULL DEFAULT '{}', -- format asked for, category, subcategory, mapping
    rows           bigint      NOT NULL DEFAULT 0,
    inserted       bigint      NOT NULL DEFAULT 0,
    duplicates     bigint      NOT NULL DEFAULT 0,
    rejected       bigint      NOT NULL DEFAULT 0,
    errors         bigint      NOT NULL DEFAULT 0, -- findings of severity error
    warnings       bigint      NOT NULL DEFAULT 0,
    bytes_read     bigint      NOT NULL DEFAULT 0, -- of the original file
    bytes_total    bigint      NOT NULL DEFAULT 0,
    resume_offset  bigint      NOT NULL DEFAULT 0, -- in the decompressed stream: where the next record starts
    resume_line    bigint      NOT NULL DEFAULT 1,
    worker         uuid,                            -- who runs it now; fences a worker that came back from the dead
    heartbeat_at   timestamptz,
    cancel_asked   boolean     NOT NULL DEFAULT false,
    error          text        NOT NULL DEFAULT '',
    repeat_of      uuid,                            -- the first run of the same bytes, if any
    created_by     uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX import_runs_source_idx ON import_runs (dataset_id, source_id);

CREATE TABLE import_rejects (
    dataset_id uuid   NOT NULL,
    import_id  uuid   NOT NULL,
    line       bigint NOT NULL,
    "offset"   bigint NOT NULL,
    reason     text   NOT NULL,
    raw        bytea  NOT NULL,  -- the first megabyte of the record
    raw_bytes  bigint NOT NULL,  -- how long the record really was
    PRIMARY KEY (dataset_id, import_id, "offset")
);

CREATE TABLE import_duplicates (
    dataset_id uuid   NOT NULL,
    import_id  uuid   NOT NULL,
    line       bigint NOT NULL,
    "offset"   bigint NOT NULL,
    example_id uuid   NOT NULL,
    PRIMARY KEY (dataset_id, import_id, "offset")
);

-- Examples --------------------------------------------------------------------

CREATE TYPE example_status AS ENUM ('pending', 'approved', 'rejected', 'escalated');
CREATE TYPE severity AS ENUM ('info', 'warning', 'error');

-- Narrow: what queues, filters and counts touch. The words are in revisions.
CREATE TABLE examples (
    dataset_id    uuid           NOT NULL,
    id            uuid           NOT NULL,
    category      text           NOT NULL,
    subcategory   text           NOT NULL DEFAULT '',
    status        example_status NOT NULL DEFAULT 'pending',
    revision      integer        NOT NULL DEFAULT 1,
    tokens        integer        NOT NULL,
    turns         smallint       NOT NULL,
    errors        smallint       NOT NULL DEFAULT 0, -- findings on the current revision
    warnings      smallint       NOT NULL DEFAULT 0,
    source_id     uuid           NOT NULL,
    import_id     uuid           NOT NULL,
    source_line   bigint         NOT NULL,
    source_offset bigint         NOT NULL, -- in the decompressed stream
    source_bytes  integer        NOT NULL,
    external_id   text           NOT NULL DEFAULT '',
    hash          bytea          NOT NULL, -- SHA-256 of the canonical form as imported
    updated_at    timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, id)
) WITH (
    fillfactor = 85,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);
CREATE UNIQUE INDEX examples_hash_key ON examples (dataset_id, hash);
-- Serves queues (status = 'pending') and the browser's filters: the combinations
-- that exist are few and known from counters, so a page is a merge of short
-- ranges of this one index.
CREATE INDEX examples_shelf_idx ON examples (dataset_id, category, subcategory, status, id);
CREATE INDEX examples_import_idx ON examples (dataset_id, import_id, id);

-- Wide and append-only: every content state an example ever had.
CREATE TABLE revisions (
    dataset_id uuid        NOT NULL,
    example_id uuid        NOT NULL,
    revision   integer     NOT NULL,
    messages   text        NOT NULL, -- canonical JSON
    tools      text        NOT NULL DEFAULT '', -- compact JSON array, or empty
    metadata   text        NOT NULL DEFAULT '{}', -- whatever else the row said
    strict     boolean     NOT NULL, -- messages are in the strict common export form as they stand
    tokens     integer     NOT NULL, -- Llama 3 tokens in the Hugging Face form
    plain_tokens integer   NOT NULL, -- and without the preamble
    hash       bytea       NOT NULL,
    author_id  uuid,                 -- null: the importer
    reason     text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, example_id, revision)
);

CREATE TABLE findings (
    dataset_id uuid     NOT NULL,
    example_id uuid     NOT NULL,
    revision   integer  NOT NULL,
    ordinal    smallint NOT NULL,
    rule       text     NOT NULL,
    severity   severity NOT NULL,
    message    text     NOT NULL,
    path       text     NOT NULL DEFAULT '', -- JSON pointer into the example
    start_at   integer  NOT NULL DEFAULT 0,  -- byte range in the value at path; 0,0: the whole value
    end_at     integer  NOT NULL DEFAULT 0,
    PRIMARY KEY (dataset_id, example_id, revision, ordinal)
);
CREATE INDEX findings_rule_idx ON findings (dataset_id, rule, example_id);
CREATE INDEX findings_severity_idx ON findings (dataset_id, severity, example_id);

-- Review ----------------------------------------------------------------------

CREATE TABLE decisions (
    dataset_id      uuid           NOT NULL,
    id              uuid           NOT NULL,
    example_id      uuid           NOT NULL,
    reviewer_id     uuid           NOT NULL,
    revision        integer        NOT NULL, -- the one that was seen
    new_revision    integer,                 -- the one the reviewer made of it, if any
    verdict         text           NOT NULL CHECK (verdict IN ('approve', 'reject', 'escalate', 'skip', 'undo')),
    reason          text           NOT NULL DEFAULT '',
    comment         text           NOT NULL DEFAULT '',
    override_reason text           NOT NULL DEFAULT '',
    checklist       text           NOT NULL DEFAULT '[]',
    status_before   example_status NOT NULL,
    status_after    example_status NOT NULL,
    undoes          uuid,                    -- for verdict 'undo': which decision
    request_key     text           NOT NULL, -- a replayed request is the same decision
    millis          integer        NOT NULL DEFAULT 0,
    created_at      timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, id)
);
CREATE UNIQUE INDEX decisions_request_key ON decisions (dataset_id, reviewer_id, request_key);
CREATE UNIQUE INDEX decisions_undoes_key ON decisions (dataset_id, undoes) WHERE undoes IS NOT NULL;
CREATE INDEX decisions_example_idx ON decisions (dataset_id, example_id, id);
CREATE INDEX decisions_reviewer_idx ON decisions (dataset_id, reviewer_id, id);

CREATE TABLE leases (
    dataset_id  uuid        NOT NULL,
    example_id  uuid        NOT NULL,
    reviewer_id uuid        NOT NULL,
    taken_at    timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (dataset_id, example_id)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX leases_reviewer_idx ON leases (dataset_id, reviewer_id);

-- Counts ------------------------------------------------------------------------

-- Kept by statement-level triggers, spread over 16 shards so that concurrent
-- writers do not queue on one row. Sum over shard to read.
CREATE TABLE counters (
    dataset_id  uuid           NOT NULL,
    category    text           NOT NULL,
    subcategory text           NOT NULL,
    status      example_status NOT NULL,
    shard       smallint       NOT NULL,
    examples    bigint         NOT NULL,
    tokens      bigint         NOT NULL,
    PRIMARY KEY (dataset_id, category, subcategory, status, shard)
) WITH (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0
);

-- +goose StatementBegin
CREATE FUNCTION count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO counters AS c (dataset_id, category, subcategory, status, shard, examples, tokens)
    SELECT dataset_id, category, subcategory, status, pg_backend_pid() % 16, count(*), sum(tokens)
      FROM added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (dataset_id, category, subcategory, status, shard)
    DO UPDATE SET examples = c.examples + excluded.examples, tokens = c.tokens + excluded.tokens;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO counters AS c (dataset_id, category, subcategory, status, shard, examples, tokens)
    SELECT dataset_id, category, subcategory, status, pg_backend_pid() % 16, -count(*), -sum(tokens)
      FROM removed GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (dataset_id, category, subcategory, status, shard)
    DO UPDATE SET examples = c.examples + excluded.examples, tokens = c.tokens + excluded.tokens;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO counters AS c (dataset_id, category, subcategory, status, shard, examples, tokens)
    SELECT dataset_id, category, subcategory, status, pg_backend_pid() % 16, sum(n), sum(t)
      FROM (SELECT dataset_id, category, subcategory, status, 1 AS n, tokens::bigint AS t FROM added
            UNION ALL
            SELECT dataset_id, category, subcategory, status, -1, -tokens::bigint FROM removed) AS moved
     GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 OR sum(t) <> 0 ORDER BY 1, 2, 3, 4
    ON CONFLICT (dataset_id, category, subcategory, status, shard)
    DO UPDATE SET examples = c.examples + excluded.examples, tokens = c.tokens + excluded.tokens;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER examples_count_insert AFTER INSERT ON examples
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_inserted();
CREATE TRIGGER examples_count_update AFTER UPDATE ON examples
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_updated();
CREATE TRIGGER examples_count_delete AFTER DELETE ON examples
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_deleted();

-- What is written once stays ------------------------------------------------------

-- Demo rows are the one exception: the transaction that removes them says so.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME IN ('revisions', 'decisions')
       AND current_setting('spotter.removing_demo', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER revisions_append_only BEFORE UPDATE OR DELETE ON revisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON decisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalogs_append_only BEFORE UPDATE OR DELETE ON catalogs FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
-- There is no way down from the first migration: restore a backup instead.
SELECT 1;
