-- name: StatusDays :many
-- Changes by day, category and status; before the first day asked for, all in one
-- row of the day before it.
SELECT to_char(greatest(day, (@since::text)::date - 1), 'YYYY-MM-DD')::text AS day, category, status, sum(examples)::bigint AS examples, sum(tokens)::bigint AS tokens
  FROM status_days
 WHERE dataset_id = @dataset_id AND (sqlc.narg('source')::uuid IS NULL OR source_id = sqlc.narg('source'))
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
 LIMIT 200000;

-- name: CountsBySourceShelf :many
-- What CountsByShelf says, of one source.
SELECT category, subcategory, status, sum(examples)::bigint AS examples, sum(tokens)::bigint AS tokens
  FROM status_days
 WHERE dataset_id = @dataset_id AND source_id = @source
 GROUP BY category, subcategory, status
HAVING sum(examples) <> 0
 ORDER BY category, subcategory, status
 LIMIT 20000;

-- name: CameIn :many
-- How many examples of each category there are of the files that were added from one
-- day to another (UTC).
SELECT d.category, sum(d.examples)::bigint AS examples
  FROM sources s JOIN status_days d ON d.dataset_id = s.dataset_id AND d.source_id = s.id
 WHERE s.dataset_id = @dataset_id AND s.created_at >= (@since::text)::date::timestamp AT TIME ZONE 'UTC'
   AND s.created_at < ((@until::text)::date + 1)::timestamp AT TIME ZONE 'UTC'
 GROUP BY d.category
HAVING sum(d.examples) <> 0
 ORDER BY d.category
 LIMIT 10000;

-- name: ReleasesBuilt :many
-- The releases that were built from one day to another (UTC).
SELECT id, name, items, (withdrawn_at IS NOT NULL)::boolean AS withdrawn
  FROM releases
 WHERE dataset_id = @dataset_id AND state = 'built' AND built_at >= (@since::text)::date::timestamp AT TIME ZONE 'UTC'
   AND built_at < ((@until::text)::date + 1)::timestamp AT TIME ZONE 'UTC'
 ORDER BY id
 LIMIT 100;

-- name: FirstStatusDay :one
SELECT to_char(coalesce(min(day), (now() AT TIME ZONE 'UTC')::date), 'YYYY-MM-DD')::text AS day
  FROM status_days
 WHERE dataset_id = @dataset_id AND (sqlc.narg('source')::uuid IS NULL OR source_id = sqlc.narg('source'));

-- name: DecisionDays :many
SELECT d.reviewer_id, coalesce(u.name, '')::text AS reviewer, to_char(d.day, 'YYYY-MM-DD')::text AS day, d.verdict, d.reason,
       sum(d.decisions)::bigint AS decisions, sum(d.millis)::bigint AS millis, sum(d.timed)::bigint AS timed
  FROM decision_days d LEFT JOIN users u ON u.id = d.reviewer_id
 WHERE d.dataset_id = @dataset_id AND d.day >= (@since::text)::date AND d.day < (@until::text)::date
   AND (sqlc.narg('source')::uuid IS NULL OR d.source_id = sqlc.narg('source'))
 GROUP BY d.reviewer_id, u.name, d.day, d.verdict, d.reason
 ORDER BY d.day, d.reviewer_id, d.verdict, d.reason
 LIMIT 200000;

-- name: OldestQuestion :one
-- How many examples wait for a specialist and since when, at most so many counted.
SELECT count(*)::bigint AS waiting, min(created_at)::timestamptz AS since
  FROM (SELECT created_at FROM escalations e WHERE e.dataset_id = @dataset_id AND e.answered_at IS NULL ORDER BY e.kind, e.id LIMIT 1000) AS open
HAVING count(*) > 0;

-- name: FindingTrend :many
-- Findings by day, rule and severity.
SELECT to_char(day, 'YYYY-MM-DD')::text AS day, rule, severity, findings, examples
  FROM finding_days
 WHERE dataset_id = @dataset_id AND day >= (@since::text)::date
 ORDER BY day, rule, severity
 LIMIT 200000;

-- name: SourceChoices :many
-- The newest sources, for a filter.
SELECT id, name, demo FROM sources WHERE dataset_id = @dataset_id ORDER BY id DESC LIMIT 200;

-- name: DayRows :one
-- How many rows the day tables have, to know whether folding them is worth it.
SELECT ((SELECT count(*) FROM status_days s WHERE s.dataset_id = @dataset_id) +
        (SELECT count(*) FROM decision_days d WHERE d.dataset_id = @dataset_id) +
        (SELECT count(*) FROM word_days w WHERE w.dataset_id = @dataset_id))::bigint AS rows;

-- name: FoldStatusDays :execrows
WITH gone AS (DELETE FROM status_days k WHERE k.dataset_id = @dataset_id
              RETURNING k.dataset_id, day, category, subcategory, source_id, status, examples, tokens)
INSERT INTO status_days (dataset_id, day, category, subcategory, source_id, status, examples, tokens)
SELECT dataset_id, day, category, subcategory, source_id, status, sum(examples), sum(tokens)
  FROM gone GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(examples) <> 0 OR sum(tokens) <> 0;

-- name: FoldDecisionDays :execrows
WITH gone AS (DELETE FROM decision_days k WHERE k.dataset_id = @dataset_id
              RETURNING k.dataset_id, day, category, source_id, reviewer_id, verdict, reason, decisions, millis, timed)
INSERT INTO decision_days (dataset_id, day, category, source_id, reviewer_id, verdict, reason, decisions, millis, timed)
SELECT dataset_id, day, category, source_id, reviewer_id, verdict, reason, sum(decisions), sum(millis), sum(timed)
  FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- name: RemoveDemoStatusDays :exec
DELETE FROM status_days WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoDecisionDays :exec
DELETE FROM decision_days WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- Links ------------------------------------------------------------------------------

-- name: InsertShareLink :exec
INSERT INTO share_links (dataset_id, id, token_hash, name, created_by, author, created_at, expires_at)
VALUES (@dataset_id, @id, @token_hash, @name, sqlc.narg('created_by'), @author, @created_at, @expires_at);

-- name: ShareLinks :many
SELECT id, name, author, created_at, expires_at, revoked_at, opened_at
  FROM share_links WHERE dataset_id = @dataset_id ORDER BY id DESC LIMIT 200;

-- name: RevokeShareLink :one
UPDATE share_links SET revoked_at = @now::timestamptz
 WHERE dataset_id = @dataset_id AND id = @id AND revoked_at IS NULL
RETURNING name;

-- name: ShareLinkByHash :one
SELECT dataset_id, id, name, author, created_at, expires_at, revoked_at, opened_at FROM share_links WHERE token_hash = @token_hash;

-- name: TouchShareLink :exec
UPDATE share_links SET opened_at = @now::timestamptz WHERE dataset_id = @dataset_id AND id = @id;

-- name: FindingsBySubcategory :many
-- Examples with findings by rule and subcategory, of one category.
SELECT subcategory, rule, severity, sum(findings)::bigint AS findings, sum(examples)::bigint AS examples
  FROM finding_counts
 WHERE dataset_id = @dataset_id AND category = @category AND (@status::text = '' OR status::text = @status)
 GROUP BY subcategory, rule, severity
HAVING sum(findings) <> 0
 ORDER BY subcategory, rule, severity
 LIMIT 100000;
