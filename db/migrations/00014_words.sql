-- +goose Up

-- Last words -------------------------------------------------------------------------

-- What a rejection's reason is counted under: up to the first colon, which is where
-- the choice ends and words of one's own begin.
-- +goose StatementBegin
CREATE FUNCTION word_reason(reason text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(btrim(left(split_part(reason, ':', 1), 60)))
$$;
-- +goose StatementEnd

-- Somebody's last word on an example is their newest approval, rejection or question
-- that was not taken back; the example's own is the newest of anybody, checks with
-- known answers left out. Each example has one at most, and so has each pair of a
-- person and an example: these numbers add up, and the browser of examples lists
-- exactly what they count.
--
-- Changes by day (UTC) of the word: triggers append, a chore folds (see
-- 00010_dashboard.sql).
CREATE TABLE word_days (
    dataset_id  uuid   NOT NULL,
    day         date   NOT NULL,
    source_id   uuid   NOT NULL,
    reviewer_id uuid,            -- null: the example's own
    verdict     text   NOT NULL,
    reason      text   NOT NULL, -- of a rejection, as word_reason has it
    examples    bigint NOT NULL
);
CREATE INDEX word_days_day_idx ON word_days (dataset_id, day);

-- The browser's way from a word to examples, in their order.
CREATE INDEX decisions_word_idx ON decisions (dataset_id, verdict, example_id) INCLUDE (created_at) WHERE verdict IN ('approve', 'reject', 'escalate');
CREATE INDEX decisions_reviewer_word_idx ON decisions (dataset_id, reviewer_id, verdict, example_id) INCLUDE (created_at) WHERE verdict IN ('approve', 'reject', 'escalate');
CREATE INDEX decisions_reason_idx ON decisions (dataset_id, word_reason(reason), example_id) WHERE verdict = 'reject';

-- Counts what the last words are after the statement, less what they were before it.
-- Whoever decides holds the example's row lock, so nobody else changes them
-- meanwhile. The order and OFFSET 0 keep the planner on the index by example, also
-- while the table is so small that any index looks as good.
-- +goose StatementBegin
CREATE FUNCTION count_words() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO word_days (dataset_id, day, source_id, reviewer_id, verdict, reason, examples)
    SELECT t.dataset_id, (w.created_at AT TIME ZONE 'UTC')::date, e.source_id, p.reviewer_id, w.verdict,
           CASE WHEN w.verdict = 'reject' THEN word_reason(w.reason) ELSE '' END, sum(w.n)
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
     GROUP BY 1, 2, 3, 4, 5, 6
    HAVING sum(w.n) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER decisions_words AFTER INSERT ON decisions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_words();

-- What was there before the trigger.
INSERT INTO word_days (dataset_id, day, source_id, reviewer_id, verdict, reason, examples)
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
       CASE WHEN w.verdict = 'reject' THEN word_reason(w.reason) ELSE '' END, count(*)
  FROM words w JOIN examples e ON e.dataset_id = w.dataset_id AND e.id = w.example_id
 GROUP BY 1, 2, 3, 4, 5, 6;

-- Examples by length, in the order of the browser: a range of lengths is a merge of
-- short ranges of this index.
CREATE INDEX examples_length_idx ON examples (dataset_id, token_bucket(tokens), id);

-- Trends ------------------------------------------------------------------------------

-- Findings of each category at the end of each day (UTC).
CREATE TABLE finding_category_days (
    dataset_id uuid     NOT NULL,
    day        date     NOT NULL,
    category   text     NOT NULL,
    severity   severity NOT NULL,
    findings   bigint   NOT NULL,
    PRIMARY KEY (dataset_id, category, day, severity)
);

-- Examples of each file, and how many have errors and warnings, at the end of each day
-- (UTC) on which that changed.
CREATE TABLE source_days (
    dataset_id    uuid   NOT NULL,
    source_id     uuid   NOT NULL,
    day           date   NOT NULL,
    examples      bigint NOT NULL,
    with_errors   bigint NOT NULL,
    with_warnings bigint NOT NULL,
    PRIMARY KEY (dataset_id, source_id, day)
);

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
