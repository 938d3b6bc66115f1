-- name: ExportShelves :many
-- The shelves that hold examples of this status.
SELECT category, subcategory, status, sum(examples)::bigint AS examples, sum(tokens)::bigint AS tokens
  FROM counters
 WHERE dataset_id = @dataset_id AND status = @status
   AND (@category::text = '' OR category = @category)
   AND (@subcategory::text = '' OR subcategory = @subcategory)
 GROUP BY category, subcategory, status
HAVING sum(examples) > 0
 ORDER BY category, subcategory, status
 LIMIT 20000;

-- name: DemoSources :many
SELECT id FROM sources WHERE dataset_id = @dataset_id AND demo ORDER BY id LIMIT 100;

-- name: WhereFrom :many
SELECT id, source_id, source_line FROM examples WHERE dataset_id = @dataset_id AND id = ANY(@ids::uuid[]) ORDER BY id;

-- name: SourceLicences :many
SELECT id, licence FROM sources WHERE dataset_id = @dataset_id AND id = ANY(@ids::uuid[]) ORDER BY id;
