-- Independent verdicts: live ones of kinds review and second, by different people
-- on the same revision, none of whom had been shown what others said. Of each person the last counts. A choice is 0 for approved
-- as it was, 1 for approved after an edit (made, or in a look only proposed), 2 for
-- rejected.

-- name: AgreementPatterns :many
-- How often the people who saw one example chose what, by category.
WITH verdicts AS (
    SELECT DISTINCT ON (d.example_id, d.revision, d.reviewer_id) d.example_id, d.revision, d.reviewer_id,
           CASE WHEN d.verdict = 'reject' THEN 2 WHEN d.new_revision IS NULL AND d.proposal = '' THEN 0 ELSE 1 END AS choice
      FROM decisions d
     WHERE d.dataset_id = @dataset_id AND d.created_at >= @since AND d.verdict IN ('approve', 'reject') AND d.kind IN ('review', 'second')
       AND NOT d.informed AND d.carries IS NULL
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
     ORDER BY d.example_id, d.revision, d.reviewer_id, d.id DESC
), units AS (
    SELECT example_id, revision, count(*) FILTER (WHERE choice = 0) AS plain, count(*) FILTER (WHERE choice = 1) AS edited,
           count(*) FILTER (WHERE choice = 2) AS rejected
      FROM verdicts GROUP BY example_id, revision HAVING count(*) > 1
)
SELECT e.category, units.plain::int AS plain, units.edited::int AS edited, units.rejected::int AS rejected, count(*)::int AS units
  FROM units JOIN examples e ON e.dataset_id = @dataset_id AND e.id = units.example_id
 WHERE @category::text = '' OR e.category = @category
 GROUP BY 1, 2, 3, 4
 ORDER BY 1, 2, 3, 4
 LIMIT 20000;

-- name: AgreementPairs :many
-- The same by pair of people, the first being the one with the smaller id. With a
-- reviewer only their pairs, and they are the first.
WITH verdicts AS (
    SELECT DISTINCT ON (d.example_id, d.revision, d.reviewer_id) d.example_id, d.revision, d.reviewer_id,
           CASE WHEN d.verdict = 'reject' THEN 2 WHEN d.new_revision IS NULL AND d.proposal = '' THEN 0 ELSE 1 END AS choice
      FROM decisions d
     WHERE d.dataset_id = @dataset_id AND d.created_at >= @since AND d.verdict IN ('approve', 'reject') AND d.kind IN ('review', 'second')
       AND NOT d.informed AND d.carries IS NULL
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
     ORDER BY d.example_id, d.revision, d.reviewer_id, d.id DESC
), pairs AS (
    SELECT a.example_id, a.reviewer_id AS first_id, b.reviewer_id AS second_id, a.choice AS first_choice, b.choice AS second_choice
      FROM verdicts a
      JOIN verdicts b ON b.example_id = a.example_id AND b.revision = a.revision AND b.reviewer_id <> a.reviewer_id
     WHERE CASE WHEN sqlc.narg('reviewer_id')::uuid IS NULL THEN a.reviewer_id < b.reviewer_id ELSE a.reviewer_id = sqlc.narg('reviewer_id')::uuid END
)
SELECT e.category, p.first_id, p.second_id, coalesce(f.name, '')::text AS first_name, coalesce(s.name, '')::text AS second_name,
       p.first_choice::int AS first_choice, p.second_choice::int AS second_choice, count(*)::int AS units
  FROM pairs p
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = p.example_id
  LEFT JOIN users f ON f.id = p.first_id
  LEFT JOIN users s ON s.id = p.second_id
 WHERE @category::text = '' OR e.category = @category
 GROUP BY 1, 2, 3, 4, 5, 6, 7
 ORDER BY 1, 4, 2, 5, 3, 6, 7
 LIMIT 50000;

-- name: AgreementExamples :many
-- Single examples behind those counts, by example: one row for each pair of people.
-- Choices of -1 mean any.
WITH verdicts AS (
    SELECT DISTINCT ON (d.example_id, d.revision, d.reviewer_id) d.example_id, d.revision, d.reviewer_id, d.reason, d.created_at,
           CASE WHEN d.verdict = 'reject' THEN 2 WHEN d.new_revision IS NULL AND d.proposal = '' THEN 0 ELSE 1 END AS choice
      FROM decisions d
     WHERE d.dataset_id = @dataset_id AND d.created_at >= @since AND d.verdict IN ('approve', 'reject') AND d.kind IN ('review', 'second')
       AND NOT d.informed AND d.carries IS NULL
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
     ORDER BY d.example_id, d.revision, d.reviewer_id, d.id DESC
)
SELECT a.example_id, a.revision, e.category, e.subcategory, a.reviewer_id AS first_id, b.reviewer_id AS second_id,
       coalesce(f.name, '')::text AS first_name, coalesce(s.name, '')::text AS second_name,
       a.choice::int AS first_choice, b.choice::int AS second_choice, a.reason AS first_reason, b.reason AS second_reason,
       greatest(a.created_at, b.created_at)::timestamptz AS at
  FROM verdicts a
  JOIN verdicts b ON b.example_id = a.example_id AND b.revision = a.revision AND b.reviewer_id <> a.reviewer_id
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = a.example_id
  LEFT JOIN users f ON f.id = a.reviewer_id
  LEFT JOIN users s ON s.id = b.reviewer_id
 WHERE CASE WHEN sqlc.narg('first_id')::uuid IS NULL THEN a.reviewer_id < b.reviewer_id ELSE a.reviewer_id = sqlc.narg('first_id')::uuid END
   AND (sqlc.narg('second_id')::uuid IS NULL OR b.reviewer_id = sqlc.narg('second_id')::uuid)
   AND (@first_choice::int < 0 OR a.choice = @first_choice) AND (@second_choice::int < 0 OR b.choice = @second_choice)
   AND (NOT @differ::boolean OR (a.choice = 2) <> (b.choice = 2))
   AND (@category::text = '' OR e.category = @category)
   AND (a.example_id, a.revision, a.reviewer_id, b.reviewer_id) > (@after::uuid, @after_revision::int, @after_first::uuid, @after_second::uuid)
 ORDER BY a.example_id, a.revision, a.reviewer_id, b.reviewer_id
 LIMIT @max_rows::int;

-- name: WorkByCategory :many
-- What each reviewer decided, by category of the example. Looks that change nothing
-- count like other work.
SELECT d.reviewer_id, coalesce(u.name, '')::text AS name, e.category,
       count(*) FILTER (WHERE d.verdict = 'approve' AND d.new_revision IS NULL AND d.proposal = '')::int AS plain,
       count(*) FILTER (WHERE d.verdict = 'approve' AND (d.new_revision IS NOT NULL OR d.proposal <> ''))::int AS edited,
       count(*) FILTER (WHERE d.verdict = 'reject')::int AS rejected,
       count(*) FILTER (WHERE d.verdict = 'escalate')::int AS escalated
  FROM decisions d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
  LEFT JOIN users u ON u.id = d.reviewer_id
 WHERE d.dataset_id = @dataset_id AND d.created_at >= @since AND d.verdict IN ('approve', 'reject', 'escalate') AND d.kind <> 'bulk' AND d.carries IS NULL
   AND NOT EXISTS (SELECT FROM decisions x WHERE x.dataset_id = d.dataset_id AND x.undoes = d.id)
 GROUP BY 1, 2, 3
 ORDER BY 2, 1, 3
 LIMIT 20000;

-- name: WorkByDay :many
-- One reviewer's decisions by day (UTC), with what time they took.
SELECT (d.created_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS decisions, coalesce(sum(d.millis), 0)::bigint AS millis
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.created_at >= @since
   AND d.verdict IN ('approve', 'reject', 'escalate') AND d.kind <> 'bulk' AND d.carries IS NULL
 GROUP BY 1
 ORDER BY 1 DESC
 LIMIT 400;

-- name: WorkPace :one
-- How long one reviewer's decisions took: the middle, and the middle half around it.
-- Decisions without a time, and those of more than ten minutes (a break), do not
-- count.
SELECT count(*)::int AS decisions,
       coalesce(percentile_cont(0.25) WITHIN GROUP (ORDER BY d.millis), 0)::float8 AS quarter,
       coalesce(percentile_cont(0.50) WITHIN GROUP (ORDER BY d.millis), 0)::float8 AS half,
       coalesce(percentile_cont(0.75) WITHIN GROUP (ORDER BY d.millis), 0)::float8 AS three_quarters
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.created_at >= @since
   AND d.verdict IN ('approve', 'reject', 'escalate') AND d.kind <> 'bulk' AND d.carries IS NULL AND d.millis BETWEEN 1 AND 600000;

-- name: GoldResults :one
SELECT count(*)::int AS looks, count(*) FILTER (WHERE agrees)::int AS agrees
  FROM looks
 WHERE dataset_id = @dataset_id AND reviewer_id = @reviewer_id AND kind = 'gold' AND decision_id IS NOT NULL AND closed_at >= @since;

-- name: GoldMisses :many
-- Gold examples that one reviewer saw otherwise, newest first.
SELECT k.id, k.example_id, k.expected::text AS expected, k.closed_at, coalesce(g.reason, '')::text AS reason
  FROM looks k
  LEFT JOIN golds g ON g.dataset_id = k.dataset_id AND g.example_id = k.example_id
 WHERE k.dataset_id = @dataset_id AND k.reviewer_id = @reviewer_id AND k.kind = 'gold' AND k.decision_id IS NOT NULL AND NOT k.agrees
   AND k.closed_at >= @since
 ORDER BY k.id DESC
 LIMIT @max_rows::int;
