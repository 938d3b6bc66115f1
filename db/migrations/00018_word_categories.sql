-- +goose Up

-- Last words by category, for the week in words (see 00014_words.sql).
ALTER TABLE word_days ADD COLUMN category text NOT NULL DEFAULT '';
ALTER TABLE word_days ALTER COLUMN category DROP DEFAULT;

-- The function of 00014_words.sql with the category.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_words() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO word_days (dataset_id, day, source_id, reviewer_id, verdict, reason, category, examples)
    SELECT t.dataset_id, (w.created_at AT TIME ZONE 'UTC')::date, e.source_id, p.reviewer_id, w.verdict,
           CASE WHEN w.verdict = 'reject' THEN word_reason(w.reason) ELSE '' END, e.category, sum(w.n)
      FROM (SELECT dataset_id, example_id, array_agg(id) AS fresh, array_agg(undoes) AS undone
              FROM added WHERE verdict <> 'skip' GROUP BY 1, 2) AS t
      JOIN examples e ON e.dataset_id = t.dataset_id AND e.id = t.example_id
     CROSS JOIN LATERAL (
           SELECT DISTINCT d.reviewer_id
             FROM (SELECT * FROM decisions x WHERE x.dataset_id = t.dataset_id AND x.example_id = t.example_id ORDER BY x.id OFFSET 0) AS d
            WHERE d.id = ANY(t.fresh) AND d.verdict <> 'undo' OR d.id = ANY(t.undone)
           UNION ALL
           SELECT NULL) AS p
     CROSS JOIN LATERAL (
           (SELECT 1 AS n, d.created_at, d.verdict, d.reason
              FROM (SELECT * FROM decisions x WHERE x.dataset_id = t.dataset_id AND x.example_id = t.example_id ORDER BY x.id OFFSET 0) AS d
             WHERE d.verdict IN ('approve', 'reject', 'escalate') AND (d.reviewer_id = p.reviewer_id OR p.reviewer_id IS NULL AND d.kind <> 'gold')
               AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
             ORDER BY d.id DESC LIMIT 1)
           UNION ALL
           (SELECT -1, d.created_at, d.verdict, d.reason
              FROM (SELECT * FROM decisions x WHERE x.dataset_id = t.dataset_id AND x.example_id = t.example_id ORDER BY x.id OFFSET 0) AS d
             WHERE d.verdict IN ('approve', 'reject', 'escalate') AND (d.reviewer_id = p.reviewer_id OR p.reviewer_id IS NULL AND d.kind <> 'gold')
               AND d.id <> ALL(t.fresh)
               AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id AND u.id <> ALL(t.fresh))
             ORDER BY d.id DESC LIMIT 1)) AS w
     GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(w.n) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- An example that is moved to another category takes the last words on it along. Only
-- acts on many move examples, each by itself, with its row locked.
-- +goose StatementBegin
CREATE FUNCTION move_words() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO word_days (dataset_id, day, source_id, reviewer_id, verdict, reason, category, examples)
    WITH live AS (
        SELECT d.* FROM (SELECT * FROM decisions x WHERE x.dataset_id = NEW.dataset_id AND x.example_id = NEW.id ORDER BY x.id OFFSET 0) AS d
         WHERE d.verdict IN ('approve', 'reject', 'escalate')
           AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
    ), words AS (
        (SELECT DISTINCT ON (reviewer_id) reviewer_id, created_at, verdict, reason FROM live ORDER BY reviewer_id, id DESC)
        UNION ALL
        (SELECT NULL, created_at, verdict, reason FROM live WHERE kind <> 'gold' ORDER BY id DESC LIMIT 1)
    )
    SELECT NEW.dataset_id, (w.created_at AT TIME ZONE 'UTC')::date, NEW.source_id, w.reviewer_id, w.verdict,
           CASE WHEN w.verdict = 'reject' THEN word_reason(w.reason) ELSE '' END, c.category, c.n
      FROM words w CROSS JOIN (VALUES (OLD.category, -1), (NEW.category, 1)) AS c(category, n);
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER examples_words AFTER UPDATE OF category ON examples
    FOR EACH ROW WHEN (OLD.category IS DISTINCT FROM NEW.category) EXECUTE FUNCTION move_words();

-- What was counted before, counted again.
DELETE FROM word_days;
INSERT INTO word_days (dataset_id, day, source_id, reviewer_id, verdict, reason, category, examples)
WITH live AS (
    SELECT d.* FROM decisions d
     WHERE d.verdict IN ('approve', 'reject', 'escalate')
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
), words AS (
    (SELECT DISTINCT ON (dataset_id, example_id, reviewer_id) dataset_id, example_id, reviewer_id, created_at, verdict, reason
       FROM live ORDER BY dataset_id, example_id, reviewer_id, id DESC)
    UNION ALL
    (SELECT DISTINCT ON (dataset_id, example_id) dataset_id, example_id, NULL, created_at, verdict, reason
       FROM live WHERE kind <> 'gold' ORDER BY dataset_id, example_id, id DESC)
)
SELECT w.dataset_id, (w.created_at AT TIME ZONE 'UTC')::date, e.source_id, w.reviewer_id, w.verdict,
       CASE WHEN w.verdict = 'reject' THEN word_reason(w.reason) ELSE '' END, e.category, count(*)
  FROM words w JOIN examples e ON e.dataset_id = w.dataset_id AND e.id = w.example_id
 GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
