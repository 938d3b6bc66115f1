-- name: CountsByShelf :many
SELECT category, subcategory, status, sum(examples)::bigint AS examples, sum(tokens)::bigint AS tokens
  FROM counters
 WHERE dataset_id = @dataset_id
 GROUP BY category, subcategory, status
HAVING sum(examples) <> 0
 ORDER BY category, subcategory, status
 LIMIT 20000;

-- name: RecentDecisions :many
SELECT d.id, d.example_id, d.verdict, d.reason, d.status_after, d.new_revision, d.created_at,
       coalesce(u.name, '')::text AS reviewer, e.category, e.subcategory
  FROM decisions d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
  LEFT JOIN users u ON u.id = d.reviewer_id
 WHERE d.dataset_id = @dataset_id
 ORDER BY d.id DESC
 LIMIT @max_rows::int;

-- name: RecentImports :many
SELECT i.id, i.filename, i.state, i.rows, i.inserted, i.duplicates, i.rejected, i.created_at,
       coalesce(u.name, '')::text AS importer
  FROM import_runs i
  LEFT JOIN users u ON u.id = i.created_by
 WHERE i.dataset_id = @dataset_id
 ORDER BY i.id DESC
 LIMIT @max_rows::int;

-- name: DemoExamples :one
-- How many examples came with the demo.
SELECT coalesce(sum(i.inserted), 0)::bigint AS examples
  FROM import_runs i JOIN sources s ON s.dataset_id = i.dataset_id AND s.id = i.source_id
 WHERE i.dataset_id = @dataset_id AND s.demo;
