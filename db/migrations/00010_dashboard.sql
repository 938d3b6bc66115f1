-- +goose Up

-- Days ------------------------------------------------------------------------------

-- What the dashboard draws over time, as changes that add up (see 00003_quality.sql):
-- triggers append rows, a chore folds them into one row for each key. Days are UTC.

-- How many more examples a shelf had in a status at the end of a day than at its
-- beginning. All days together are what there is now.
CREATE TABLE status_days (
    dataset_id  uuid           NOT NULL,
    day         date           NOT NULL,
    category    text           NOT NULL,
    subcategory text           NOT NULL,
    source_id   uuid           NOT NULL,
    status      example_status NOT NULL,
    examples    bigint         NOT NULL,
    tokens      bigint         NOT NULL
);
CREATE INDEX status_days_source_idx ON status_days (dataset_id, source_id, day);

-- What people decided on a day. The reason is that of a rejection, up to the first
-- colon, which is where the choice ends and words of one's own begin.
CREATE TABLE decision_days (
    dataset_id  uuid   NOT NULL,
    day         date   NOT NULL,
    category    text   NOT NULL,
    source_id   uuid   NOT NULL,
    reviewer_id uuid   NOT NULL,
    verdict     text   NOT NULL,
    reason      text   NOT NULL,
    decisions   bigint NOT NULL,
    millis      bigint NOT NULL,
    timed       bigint NOT NULL -- decisions whose time is known
);
CREATE INDEX decision_days_day_idx ON decision_days (dataset_id, day);

-- +goose StatementBegin
CREATE FUNCTION count_days_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO status_days (dataset_id, day, category, subcategory, source_id, status, examples, tokens)
    SELECT dataset_id, (now() AT TIME ZONE 'UTC')::date, category, subcategory, source_id, status, count(*), sum(tokens)
      FROM added GROUP BY 1, 3, 4, 5, 6;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_days_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO status_days (dataset_id, day, category, subcategory, source_id, status, examples, tokens)
    SELECT dataset_id, (now() AT TIME ZONE 'UTC')::date, category, subcategory, source_id, status, -count(*), -sum(tokens)
      FROM removed GROUP BY 1, 3, 4, 5, 6;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_days_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO status_days (dataset_id, day, category, subcategory, source_id, status, examples, tokens)
    SELECT dataset_id, (now() AT TIME ZONE 'UTC')::date, category, subcategory, source_id, status, sum(n), sum(t)
      FROM (SELECT dataset_id, category, subcategory, source_id, status, 1 AS n, tokens::bigint AS t FROM added
            UNION ALL
            SELECT dataset_id, category, subcategory, source_id, status, -1, -tokens::bigint FROM removed) AS moved
     GROUP BY 1, 3, 4, 5, 6 HAVING sum(n) <> 0 OR sum(t) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER examples_days_insert AFTER INSERT ON examples
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_days_inserted();
CREATE TRIGGER examples_days_update AFTER UPDATE ON examples
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_days_updated();
CREATE TRIGGER examples_days_delete AFTER DELETE ON examples
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_days_deleted();

-- +goose StatementBegin
CREATE FUNCTION count_decisions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO decision_days (dataset_id, day, category, source_id, reviewer_id, verdict, reason, decisions, millis, timed)
    SELECT d.dataset_id, (d.created_at AT TIME ZONE 'UTC')::date, e.category, e.source_id, d.reviewer_id, d.verdict,
           CASE WHEN d.verdict = 'reject' THEN left(split_part(d.reason, ':', 1), 60) ELSE '' END,
           count(*), sum(d.millis), count(*) FILTER (WHERE d.millis > 0)
      FROM added d JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
     GROUP BY 1, 2, 3, 4, 5, 6, 7;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER decisions_count AFTER INSERT ON decisions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_decisions();

-- What was there before the triggers: examples came in with their import and got
-- their status when they last changed.
INSERT INTO status_days (dataset_id, day, category, subcategory, source_id, status, examples, tokens)
SELECT dataset_id, day, category, subcategory, source_id, status, sum(n), sum(t)
  FROM (SELECT e.dataset_id, (coalesce(i.created_at, e.updated_at) AT TIME ZONE 'UTC')::date AS day, e.category, e.subcategory, e.source_id,
               'pending'::example_status AS status, 1 AS n, e.tokens::bigint AS t
          FROM examples e LEFT JOIN import_runs i ON i.dataset_id = e.dataset_id AND i.id = e.import_id
        UNION ALL
        SELECT dataset_id, (updated_at AT TIME ZONE 'UTC')::date, category, subcategory, source_id, 'pending', -1, -tokens::bigint
          FROM examples WHERE status <> 'pending'
        UNION ALL
        SELECT dataset_id, (updated_at AT TIME ZONE 'UTC')::date, category, subcategory, source_id, status, 1, tokens::bigint
          FROM examples WHERE status <> 'pending') AS moved
 GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0 OR sum(t) <> 0;
INSERT INTO decision_days (dataset_id, day, category, source_id, reviewer_id, verdict, reason, decisions, millis, timed)
SELECT d.dataset_id, (d.created_at AT TIME ZONE 'UTC')::date, e.category, e.source_id, d.reviewer_id, d.verdict,
       CASE WHEN d.verdict = 'reject' THEN left(split_part(d.reason, ':', 1), 60) ELSE '' END,
       count(*), sum(d.millis), count(*) FILTER (WHERE d.millis > 0)
  FROM decisions d JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
 GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- Findings by subcategory --------------------------------------------------------------

ALTER TABLE finding_counts ADD COLUMN subcategory text NOT NULL DEFAULT '';
DELETE FROM finding_counts;
INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
SELECT e.dataset_id, f.rule, f.severity, e.category, e.subcategory, e.status, count(*), count(DISTINCT e.id)
  FROM findings f JOIN examples e ON e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.revision = f.revision
 WHERE NOT f.waived
 GROUP BY 1, 2, 3, 4, 5, 6;

-- The functions of 00003_quality.sql with the subcategory.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_findings_inserted() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
    SELECT g.dataset_id, g.rule, g.severity, e.category, e.subcategory, e.status, sum(g.n), sum((h.there > 0)::int - (h.there - g.n > 0)::int)
      FROM (SELECT dataset_id, example_id, revision, rule, severity, count(*) AS n
              FROM added WHERE NOT waived GROUP BY 1, 2, 3, 4, 5) AS g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
     CROSS JOIN LATERAL (SELECT count(*) AS there FROM findings f
                          WHERE f.dataset_id = g.dataset_id AND f.example_id = g.example_id AND f.revision = g.revision
                            AND f.rule = g.rule AND f.severity = g.severity AND NOT f.waived) AS h
     GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_findings_deleted() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
    SELECT g.dataset_id, g.rule, g.severity, e.category, e.subcategory, e.status, -sum(g.n), sum((h.there > 0)::int - (h.there + g.n > 0)::int)
      FROM (SELECT dataset_id, example_id, revision, rule, severity, count(*) AS n
              FROM removed WHERE NOT waived GROUP BY 1, 2, 3, 4, 5) AS g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
     CROSS JOIN LATERAL (SELECT count(*) AS there FROM findings f
                          WHERE f.dataset_id = g.dataset_id AND f.example_id = g.example_id AND f.revision = g.revision
                            AND f.rule = g.rule AND f.severity = g.severity AND NOT f.waived) AS h
     GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_findings_updated() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
    SELECT g.dataset_id, g.rule, g.severity, e.category, e.subcategory, e.status, sum(g.n), sum((h.there > 0)::int - (h.there - g.n > 0)::int)
      FROM (SELECT dataset_id, example_id, revision, rule, severity, sum(n) AS n
              FROM (SELECT dataset_id, example_id, revision, rule, severity, 1 AS n FROM added WHERE NOT waived
                    UNION ALL
                    SELECT dataset_id, example_id, revision, rule, severity, -1 FROM removed WHERE NOT waived) AS moved
             GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0) AS g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
     CROSS JOIN LATERAL (SELECT count(*) AS there FROM findings f
                          WHERE f.dataset_id = g.dataset_id AND f.example_id = g.example_id AND f.revision = g.revision
                            AND f.rule = g.rule AND f.severity = g.severity AND NOT f.waived) AS h
     GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_quality_deleted() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
    SELECT dataset_id, rule, severity, category, subcategory, status, -sum(n), -count(*)
      FROM (SELECT r.dataset_id, r.id, f.rule, f.severity, r.category, r.subcategory, r.status, count(*) AS n
              FROM removed r JOIN findings f ON f.dataset_id = r.dataset_id AND f.example_id = r.id AND f.revision = r.revision
             WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5, 6, 7) AS gone
     GROUP BY 1, 2, 3, 4, 5, 6;
    INSERT INTO token_counts (dataset_id, category, status, bucket, examples, tokens)
    SELECT dataset_id, category, status, token_bucket(tokens), -count(*), -sum(tokens) FROM removed GROUP BY 1, 2, 3, 4;
    INSERT INTO source_counts (dataset_id, source_id, examples, with_errors, with_warnings)
    SELECT dataset_id, source_id, -count(*), -count(*) FILTER (WHERE errors > 0), -count(*) FILTER (WHERE warnings > 0)
      FROM removed GROUP BY 1, 2;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_quality_updated() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
    SELECT dataset_id, rule, severity, category, subcategory, status, sum(n), sum(x)
      FROM (SELECT a.dataset_id, a.id, f.rule, f.severity, a.category, a.subcategory, a.status, count(*) AS n, 1 AS x
              FROM added a JOIN findings f ON f.dataset_id = a.dataset_id AND f.example_id = a.id AND f.revision = a.revision
             WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5, 6, 7
            UNION ALL
            SELECT r.dataset_id, r.id, f.rule, f.severity, r.category, r.subcategory, r.status, -count(*), -1
              FROM removed r JOIN findings f ON f.dataset_id = r.dataset_id AND f.example_id = r.id AND f.revision = r.revision
             WHERE NOT f.waived GROUP BY 1, 2, 3, 4, 5, 6, 7) AS moved
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0 OR sum(x) <> 0;
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

-- Links ------------------------------------------------------------------------------

-- Links with which anybody sees the dashboard, and nothing else, until they end.
-- Only a hash of the secret is kept.
CREATE TABLE share_links (
    dataset_id uuid        NOT NULL,
    id         uuid        NOT NULL,
    token_hash bytea       NOT NULL UNIQUE,
    name       text        NOT NULL,
    scope      text        NOT NULL DEFAULT 'dashboard' CHECK (scope IN ('dashboard')),
    created_by uuid,
    author     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    opened_at  timestamptz, -- last, to the minute
    PRIMARY KEY (dataset_id, id)
);

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
