-- name: InsertComment :exec
INSERT INTO comments (dataset_id, id, example_id, revision, author_id, body)
VALUES (@dataset_id, @id, @example_id, @revision, @author_id, @body);

-- name: ExampleForComment :one
-- The example that a comment is made on. It is not locked: comments change
-- nothing about it.
SELECT e.revision, e.status FROM examples e WHERE e.dataset_id = @dataset_id AND e.id = @id;

-- name: CommentsOf :many
-- The newest comments of an example, strictly before the id.
SELECT c.id, c.revision, c.author_id, coalesce(u.name, '')::text AS author, c.body, c.created_at
  FROM comments c
  LEFT JOIN users u ON u.id = c.author_id
 WHERE c.dataset_id = @dataset_id AND c.example_id = @example_id AND c.id < @before
 ORDER BY c.id DESC
 LIMIT @max_rows::int;

-- name: CommentersOf :many
-- Who commented on an example lately, without one of them.
SELECT DISTINCT author_id
  FROM (SELECT author_id FROM comments
         WHERE dataset_id = @dataset_id AND example_id = @example_id AND author_id <> @author_id
         ORDER BY id DESC LIMIT 1000) AS lately
 ORDER BY author_id
 LIMIT 100;

-- name: MentionableUsers :many
-- Who can be named: everybody with an account that works, by name.
SELECT id, name, email, role FROM users WHERE disabled_at IS NULL ORDER BY lower(name), id LIMIT 1000;

-- name: MentionableLike :many
-- Those of them whose name or address has the words in it. The domain counts only for
-- words that have an @: else everybody of "example" would be found by "le".
SELECT id, name, email, role FROM users
 WHERE disabled_at IS NULL AND (strpos(lower(name), lower(@words::text)) > 0 OR
        strpos(lower(CASE WHEN strpos(@words::text, '@') > 0 THEN email ELSE split_part(email, '@', 1) END), lower(@words::text)) > 0)
 ORDER BY lower(name), id
 LIMIT @max_rows::int;

-- name: RemoveDemoComments :exec
DELETE FROM comments c USING examples e
 WHERE c.dataset_id = @dataset_id AND e.dataset_id = c.dataset_id AND e.id = c.example_id AND e.source_id = ANY(@sources::uuid[]);
