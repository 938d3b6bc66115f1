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

-- name: SightOf :one
-- What decides whether somebody may see what others said of an example: its
-- status, when the first verdict fell on its current revision, and whether the
-- viewer gave one.
SELECT e.status, e.revision,
       coalesce((SELECT min(d.created_at) FROM decisions d
         WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.verdict IN ('approve', 'reject')
           AND coalesce(d.new_revision, d.revision) = e.revision
           AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)), '9999-12-31')::timestamptz AS first_verdict,
       EXISTS (SELECT FROM decisions d
                WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.verdict IN ('approve', 'reject')
                  AND d.reviewer_id = @viewer_id AND coalesce(d.new_revision, d.revision) = e.revision
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) AS judged
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.id = @id;

-- name: MentionableUsers :many
-- Who can be named: everybody with an account that works, by name.
SELECT id, name, email, role FROM users WHERE disabled_at IS NULL ORDER BY lower(name), id LIMIT 1000;

-- name: RemoveDemoComments :exec
DELETE FROM comments c USING examples e
 WHERE c.dataset_id = @dataset_id AND e.dataset_id = c.dataset_id AND e.id = c.example_id AND e.source_id = ANY(@sources::uuid[]);
