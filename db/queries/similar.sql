-- name: SimilarApproved :many
-- The approved examples of the same category that share most keys of their
-- signatures with one, looking at no more than 50 members of each key's bucket.
WITH alike AS (
    SELECT c.example_id, count(*) AS shared
      FROM duplicate_signatures s
     CROSS JOIN LATERAL unnest(s.keys) AS k (key)
     CROSS JOIN LATERAL (SELECT d.example_id FROM duplicate_keys d
                          WHERE d.key = k.key AND d.example_id <> s.example_id
                          ORDER BY d.example_id LIMIT 50) AS c
     WHERE s.dataset_id = @dataset_id AND s.example_id = @example_id
     GROUP BY c.example_id
)
SELECT e.id, e.subcategory, a.shared::bigint AS shared, r.messages
  FROM alike a
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = a.example_id AND e.status = 'approved'
  JOIN examples x ON x.dataset_id = @dataset_id AND x.id = @example_id AND x.category = e.category
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
 ORDER BY a.shared DESC, e.id
 LIMIT @max_rows::int;
