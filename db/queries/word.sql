-- Last words, see 00014_words.sql ------------------------------------------------------

-- name: WordFigures :many
-- How many examples have which last word, of each person (null: of the example as a
-- whole), from one day to another.
SELECT w.reviewer_id, coalesce(u.name, '')::text AS reviewer, w.verdict, w.reason, sum(w.examples)::bigint AS examples
  FROM word_days w LEFT JOIN users u ON u.id = w.reviewer_id
 WHERE w.dataset_id = @dataset_id AND w.day >= (@since::text)::date AND w.day <= (@until::text)::date
   AND (sqlc.narg('source')::uuid IS NULL OR w.source_id = sqlc.narg('source'))
 GROUP BY w.reviewer_id, u.name, w.verdict, w.reason
HAVING sum(w.examples) <> 0
 ORDER BY w.reviewer_id NULLS FIRST, w.verdict, w.reason
 LIMIT 200000;

-- name: ApprovedWordDays :many
-- By day, the examples whose own last word is an approval of that day.
SELECT to_char(day, 'YYYY-MM-DD')::text AS day, sum(examples)::bigint AS examples
  FROM word_days
 WHERE dataset_id = @dataset_id AND reviewer_id IS NULL AND verdict = 'approve' AND day >= (@since::text)::date
   AND (sqlc.narg('source')::uuid IS NULL OR source_id = sqlc.narg('source'))
 GROUP BY day
HAVING sum(examples) <> 0
 ORDER BY day
 LIMIT 10000;

-- name: WordCategories :many
-- How many examples of each category have which last word of their own, from one day to
-- another.
SELECT category, verdict, sum(examples)::bigint AS examples
  FROM word_days
 WHERE dataset_id = @dataset_id AND reviewer_id IS NULL AND day >= (@since::text)::date AND day <= (@until::text)::date
 GROUP BY category, verdict
HAVING sum(examples) <> 0
 ORDER BY category, verdict
 LIMIT 20000;

-- name: FoldWordDays :execrows
WITH gone AS (DELETE FROM word_days k WHERE k.dataset_id = @dataset_id
              RETURNING k.dataset_id, day, source_id, reviewer_id, verdict, reason, category, examples)
INSERT INTO word_days (dataset_id, day, source_id, reviewer_id, verdict, reason, category, examples)
SELECT dataset_id, day, source_id, reviewer_id, verdict, reason, category, sum(examples)
  FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(examples) <> 0;

-- name: RemoveDemoWordDays :exec
DELETE FROM word_days WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- Trends -------------------------------------------------------------------------------

-- name: NoteCategoryFindings :exec
-- Notes today's findings of each category for the trend; says the same again harmlessly.
WITH today AS (
    SELECT category, severity, sum(findings)::bigint AS findings
      FROM finding_counts WHERE dataset_id = @dataset_id GROUP BY category, severity
), gone AS (
    DELETE FROM finding_category_days d
     WHERE d.dataset_id = @dataset_id AND d.day = (now() AT TIME ZONE 'UTC')::date
       AND NOT EXISTS (SELECT FROM today t WHERE t.category = d.category AND t.severity = d.severity AND t.findings <> 0)
)
INSERT INTO finding_category_days AS d (dataset_id, day, category, severity, findings)
SELECT @dataset_id, (now() AT TIME ZONE 'UTC')::date, category, severity, findings FROM today WHERE findings <> 0
ON CONFLICT (dataset_id, category, day, severity) DO UPDATE SET findings = excluded.findings
 WHERE d.findings IS DISTINCT FROM excluded.findings;

-- name: NoteSources :exec
-- Notes the files whose figures are not those noted last.
INSERT INTO source_days AS d (dataset_id, source_id, day, examples, with_errors, with_warnings)
SELECT @dataset_id, c.source_id, (now() AT TIME ZONE 'UTC')::date, c.examples, c.with_errors, c.with_warnings
  FROM (SELECT source_id, sum(examples)::bigint AS examples, sum(with_errors)::bigint AS with_errors, sum(with_warnings)::bigint AS with_warnings
          FROM source_counts WHERE dataset_id = @dataset_id GROUP BY source_id) AS c
  LEFT JOIN LATERAL (SELECT x.examples, x.with_errors, x.with_warnings FROM source_days x
                      WHERE x.dataset_id = @dataset_id AND x.source_id = c.source_id ORDER BY x.day DESC LIMIT 1) AS l ON true
 WHERE (c.examples, c.with_errors, c.with_warnings) IS DISTINCT FROM (l.examples, l.with_errors, l.with_warnings)
   AND EXISTS (SELECT FROM sources s WHERE s.dataset_id = @dataset_id AND s.id = c.source_id)
ON CONFLICT (dataset_id, source_id, day) DO UPDATE
   SET examples = excluded.examples, with_errors = excluded.with_errors, with_warnings = excluded.with_warnings;

-- name: CategoryTrend :many
SELECT to_char(day, 'YYYY-MM-DD')::text AS day, severity, findings
  FROM finding_category_days
 WHERE dataset_id = @dataset_id AND category = @category AND day >= (@since::text)::date
 ORDER BY day, severity
 LIMIT 10000;

-- name: SourceTrend :many
-- What was noted of a file since a day, and the last note before it.
SELECT to_char(day, 'YYYY-MM-DD')::text AS day, examples, with_errors, with_warnings
  FROM source_days d
 WHERE d.dataset_id = @dataset_id AND d.source_id = @source_id
   AND d.day >= coalesce((SELECT max(x.day) FROM source_days x WHERE x.dataset_id = @dataset_id AND x.source_id = @source_id AND x.day <= (@since::text)::date), (@since::text)::date)
 ORDER BY day
 LIMIT 10000;

-- name: RemoveDemoSourceTrend :exec
DELETE FROM source_days WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- name: WordPeople :many
-- Who had a last word on anything, for a filter.
SELECT p.reviewer_id::uuid AS id, coalesce(u.name, '')::text AS name
  FROM (SELECT reviewer_id FROM word_days WHERE dataset_id = @dataset_id AND reviewer_id IS NOT NULL GROUP BY reviewer_id) AS p
  LEFT JOIN users u ON u.id = p.reviewer_id
 ORDER BY lower(u.name), p.reviewer_id
 LIMIT 500;
