-- name: DefaultDataset :one
-- The oldest dataset: the one a server serves.
SELECT id, slug, name FROM datasets ORDER BY created_at, id LIMIT 1;

-- name: CreateDataset :execrows
INSERT INTO datasets (id, slug, name) VALUES (@id, @slug, @name) ON CONFLICT (slug) DO NOTHING;

-- name: CatalogVersion :one
SELECT coalesce(max(version), 0)::int AS version FROM catalogs WHERE dataset_id = @dataset_id;

-- name: CatalogDocument :one
SELECT version, document, author_id, reason, created_at FROM catalogs WHERE dataset_id = @dataset_id AND version = @version;

-- name: AppendCatalog :exec
INSERT INTO catalogs (dataset_id, version, document, author_id, reason)
VALUES (@dataset_id, @version, @document, @author_id, @reason);

-- name: CatalogVersions :many
SELECT c.version, c.reason, c.created_at, coalesce(u.name, '')::text AS author
  FROM catalogs c LEFT JOIN users u ON u.id = c.author_id
 WHERE c.dataset_id = @dataset_id
 ORDER BY c.version DESC
 LIMIT 200;
