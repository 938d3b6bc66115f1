-- +goose Up

-- Waivers -------------------------------------------------------------------------

-- A waived finding stays where it is and counts nowhere.
ALTER TABLE findings ADD COLUMN waived boolean NOT NULL DEFAULT false;

-- Who silenced which finding on which revision, and why. Taking that back is
-- another row, which names the first.
CREATE TABLE waivers (
    dataset_id uuid        NOT NULL,
    id         uuid        NOT NULL,
    example_id uuid        NOT NULL,
    revision   integer     NOT NULL,
    rule       text        NOT NULL,
    path       text        NOT NULL,
    reason     text        NOT NULL,
    author_id  uuid,
    author     text        NOT NULL, -- the name at that time
    withdraws  uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX waivers_example_idx ON waivers (dataset_id, example_id, revision);
CREATE UNIQUE INDEX waivers_withdraws_key ON waivers (dataset_id, withdraws) WHERE withdraws IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION refuse_waiver_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('spotter.removing_demo', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'waivers is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER waivers_append_only BEFORE UPDATE OR DELETE ON waivers FOR EACH ROW EXECUTE FUNCTION refuse_waiver_change();

-- Checking everything again ---------------------------------------------------------

CREATE TABLE recheck_runs (
    dataset_id      uuid        NOT NULL,
    id              uuid        NOT NULL,
    fingerprint     text        NOT NULL, -- of the rules and of what they read in the catalog
    catalog_version integer     NOT NULL,
    state           text        NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'superseded')),
    total           bigint      NOT NULL DEFAULT 0, -- examples there were at the start
    done            bigint      NOT NULL DEFAULT 0, -- examples looked at
    changed         bigint      NOT NULL DEFAULT 0, -- of them, those that got other findings
    position        uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- the last example looked at
    worker          uuid,                           -- who runs it now; fences a worker that came back from the dead
    heartbeat_at    timestamptz,
    error           text        NOT NULL DEFAULT '',
    author          text        NOT NULL DEFAULT '', -- who asked for it; empty: the product itself
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    PRIMARY KEY (dataset_id, id)
);
CREATE UNIQUE INDEX recheck_runs_open_key ON recheck_runs (dataset_id) WHERE state IN ('queued', 'running');

-- Figures ---------------------------------------------------------------------------

-- What is on the quality page, as changes that add up: triggers append rows, a
-- chore folds them into few. Appending never waits for another writer and can't
-- deadlock, whatever order transactions touch examples in. The triggers rely on
-- two rules. Findings come in after their example. And whoever changes the
-- findings of an example that others can see holds the example's row lock, as
-- review.Decide does: otherwise two writers would each miss what the other did.

-- Findings of current revisions that nobody waived.
CREATE TABLE finding_counts (
    dataset_id uuid           NOT NULL,
    rule       text           NOT NULL,
    severity   severity       NOT NULL,
    category   text           NOT NULL,
    status     example_status NOT NULL,
    findings   bigint         NOT NULL,
    examples   bigint         NOT NULL
);

-- Examples by length, in the buckets of token_bucket.
CREATE TABLE token_counts (
    dataset_id uuid           NOT NULL,
    category   text           NOT NULL,
    status     example_status NOT NULL,
    bucket     smallint       NOT NULL,
    examples   bigint         NOT NULL,
    tokens     bigint         NOT NULL
);

CREATE TABLE source_counts (
    dataset_id    uuid   NOT NULL,
    source_id     uuid   NOT NULL,
    examples      bigint NOT NULL,
    with_errors   bigint NOT NULL,
    with_warnings bigint NOT NULL
);

-- The figures as they were at the end of each day (UTC), for the trend.
CREATE TABLE finding_days (
    dataset_id uuid     NOT NULL,
    day        date     NOT NULL,
    rule       text     NOT NULL,
    severity   severity NOT NULL,
    findings   bigint   NOT NULL,
    examples   bigint   NOT NULL,
    PRIMARY KEY (dataset_id, day, rule, severity)
);

-- Eight buckets to an octave, all of one width, upper ends included: bucket b
-- above 7 holds the tokens from (8 + b%8) * 2^(b/8 - 1) + 1 to (9 + b%8) * 2^(b/8 - 1).
-- So round limits (1024, 8192, 24576) lie between two buckets. It is one expression
-- so that Postgres puts it into the queries instead of calling it.
-- +goose StatementBegin
CREATE FUNCTION token_bucket(tokens integer) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (CASE WHEN tokens <= 8 THEN greatest(tokens - 1, 0)
                 ELSE 8 * width_bucket(tokens - 1, '{8,16,32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,16777216,33554432,67108864,134217728,268435456,536870912,1073741824}'::integer[])
                      + (((tokens - 1) >> (width_bucket(tokens - 1, '{8,16,32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,16777216,33554432,67108864,134217728,268435456,536870912,1073741824}'::integer[]) - 1)) & 7) END)::smallint
$$;
-- +goose StatementEnd

-- The settings of these functions keep them on indexes: their plans are made on
-- a session's first small statement and kept for its big ones.

-- +goose StatementBegin
CREATE FUNCTION count_findings_inserted() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, status, findings, examples)
    SELECT g.dataset_id, g.rule, g.severity, e.category, e.status, sum(g.n), sum((h.there > 0)::int - (h.there - g.n > 0)::int)
      FROM (SELECT dataset_id, example_id, revision, rule, severity, count(*) AS n
              FROM added WHERE NOT waived GROUP BY 1, 2, 3, 4, 5) AS g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
     CROSS JOIN LATERAL (SELECT count(*) AS there FROM findings f
                          WHERE f.dataset_id = g.dataset_id AND f.example_id = g.example_id AND f.revision = g.revision
                            AND f.rule = g.rule AND f.severity = g.severity AND NOT f.waived) AS h
     GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_findings_deleted() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, status, findings, examples)
    SELECT g.dataset_id, g.rule, g.severity, e.category, e.status, -sum(g.n), sum((h.there > 0)::int - (h.there + g.n > 0)::int)
      FROM (SELECT dataset_id, example_id, revision, rule, severity, count(*) AS n
              FROM removed WHERE NOT waived GROUP BY 1, 2, 3, 4, 5) AS g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
     CROSS JOIN LATERAL (SELECT count(*) AS there FROM findings f
                          WHERE f.dataset_id = g.dataset_id AND f.example_id = g.example_id AND f.revision = g.revision
                            AND f.rule = g.rule AND f.severity = g.severity AND NOT f.waived) AS h
     GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_findings_updated() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, status, findings, examples)
    SELECT g.dataset_id, g.rule, g.severity, e.category, e.status, sum(g.n), sum((h.there > 0)::int - (h.there - g.n > 0)::int)
      FROM (SELECT dataset_id, example_id, revision, rule, severity, sum(n) AS n
              FROM (SELECT dataset_id, example_id, revision, rule, severity, 1 AS n FROM added WHERE NOT waived
                    UNION ALL
                    SELECT dataset_id, example_id, revision, rule, severity, -1 FROM removed WHERE NOT waived) AS moved
             GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0) AS g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
     CROSS JOIN LATERAL (SELECT count(*) AS there FROM findings f
                          WHERE f.dataset_id = g.dataset_id AND f.example_id = g.example_id AND f.revision = g.revision
                            AND f.rule = g.rule AND f.severity = g.severity AND NOT f.waived) AS h
     GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER findings_count_insert AFTER INSERT ON findings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_findings_inserted();
CREATE TRIGGER findings_count_update AFTER UPDATE ON findings
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_findings_updated();
CREATE TRIGGER findings_count_delete AFTER DELETE ON findings
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_findings_deleted();

-- +goose StatementBegin
CREATE FUNCTION count_quality_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO token_counts (dataset_id, category, status, bucket, examples, tokens)
    SELECT dataset_id, category, status, token_bucket(tokens), count(*), sum(tokens) FROM added GROUP BY 1, 2, 3, 4;
    INSERT INTO source_counts (dataset_id, source_id, examples, with_errors, with_warnings)
    SELECT dataset_id, source_id, count(*), count(*) FILTER (WHERE errors > 0), count(*) FILTER (WHERE warnings > 0)
      FROM added GROUP BY 1, 2;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_quality_deleted() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, status, findings, examples)
    SELECT dataset_id, rule, severity, category, status, -sum(n), -count(*)
      FROM (SELECT r.dataset_id, r.id, f.rule, f.severity, r.category, r.status, count(*) AS n
              FROM removed r JOIN findings f ON f.dataset_id = r.dataset_id AND f.example_id = r.id AND f.revision = r.revision
             WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5, 6) AS gone
     GROUP BY 1, 2, 3, 4, 5;
    INSERT INTO token_counts (dataset_id, category, status, bucket, examples, tokens)
    SELECT dataset_id, category, status, token_bucket(tokens), -count(*), -sum(tokens) FROM removed GROUP BY 1, 2, 3, 4;
    INSERT INTO source_counts (dataset_id, source_id, examples, with_errors, with_warnings)
    SELECT dataset_id, source_id, -count(*), -count(*) FILTER (WHERE errors > 0), -count(*) FILTER (WHERE warnings > 0)
      FROM removed GROUP BY 1, 2;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_quality_updated() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, status, findings, examples)
    SELECT dataset_id, rule, severity, category, status, sum(n), sum(x)
      FROM (SELECT a.dataset_id, a.id, f.rule, f.severity, a.category, a.status, count(*) AS n, 1 AS x
              FROM added a JOIN findings f ON f.dataset_id = a.dataset_id AND f.example_id = a.id AND f.revision = a.revision
             WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5, 6
            UNION ALL
            SELECT r.dataset_id, r.id, f.rule, f.severity, r.category, r.status, -count(*), -1
              FROM removed r JOIN findings f ON f.dataset_id = r.dataset_id AND f.example_id = r.id AND f.revision = r.revision
             WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5, 6) AS moved
     GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0 OR sum(x) <> 0;
    INSERT INTO token_counts (dataset_id, category, status, bucket, examples, tokens)
    SELECT dataset_id, category, status, bucket, sum(n), sum(t)
      FROM (SELECT dataset_id, category, status, token_bucket(tokens) AS bucket, 1 AS n, tokens::bigint AS t FROM added
            UNION ALL
            SELECT dataset_id, category, status, token_bucket(tokens), -1, -tokens::bigint FROM removed) AS moved
     GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 OR sum(t) <> 0;
    INSERT INTO source_counts (dataset_id, source_id, examples, with_errors, with_warnings)
    SELECT dataset_id, source_id, sum(n), sum(n * (errors > 0)::int), sum(n * (warnings > 0)::int)
      FROM (SELECT dataset_id, source_id, errors, warnings, 1 AS n FROM added
            UNION ALL
            SELECT dataset_id, source_id, errors, warnings, -1 FROM removed) AS moved
     GROUP BY 1, 2 HAVING sum(n) <> 0 OR sum(n * (errors > 0)::int) <> 0 OR sum(n * (warnings > 0)::int) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER examples_quality_insert AFTER INSERT ON examples
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_quality_inserted();
CREATE TRIGGER examples_quality_update AFTER UPDATE ON examples
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_quality_updated();
CREATE TRIGGER examples_quality_delete AFTER DELETE ON examples
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_quality_deleted();

-- What was there before the triggers.
INSERT INTO finding_counts (dataset_id, rule, severity, category, status, findings, examples)
SELECT e.dataset_id, f.rule, f.severity, e.category, e.status, count(*), count(DISTINCT e.id)
  FROM findings f JOIN examples e ON e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.revision = f.revision
 GROUP BY 1, 2, 3, 4, 5;
INSERT INTO token_counts (dataset_id, category, status, bucket, examples, tokens)
SELECT dataset_id, category, status, token_bucket(tokens), count(*), sum(tokens) FROM examples GROUP BY 1, 2, 3, 4;
INSERT INTO source_counts (dataset_id, source_id, examples, with_errors, with_warnings)
SELECT dataset_id, source_id, count(*), count(*) FILTER (WHERE errors > 0), count(*) FILTER (WHERE warnings > 0)
  FROM examples GROUP BY 1, 2;

-- The few revisions that need re-encoding on their way out, for the report.
CREATE INDEX revisions_loose_idx ON revisions (dataset_id, example_id, revision) WHERE NOT strict;

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
