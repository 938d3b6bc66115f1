-- name: InsertNotice :exec
INSERT INTO notices (dataset_id, id, user_id, kind, example_id, author, text, link)
VALUES (@dataset_id, @id, @user_id, @kind, sqlc.narg('example_id'), @author, @text, @link);

-- name: ListNotices :many
-- Somebody's notices, newest first, strictly before the id.
SELECT id, kind, example_id, author, text, link, created_at, read_at
  FROM notices
 WHERE dataset_id = @dataset_id AND user_id = @user_id AND id < @before
 ORDER BY id DESC
 LIMIT @max_rows::int;

-- name: ListUnreadNotices :many
SELECT id, kind, example_id, author, text, link, created_at, read_at
  FROM notices
 WHERE dataset_id = @dataset_id AND user_id = @user_id AND read_at IS NULL AND id < @before
 ORDER BY id DESC
 LIMIT @max_rows::int;

-- name: CountUnreadNotices :one
-- How many are unread, counted no further than a badge can show.
SELECT count(*)::int AS unread
  FROM (SELECT FROM notices WHERE dataset_id = @dataset_id AND user_id = @user_id AND read_at IS NULL LIMIT @most::int) AS unread_ones;

-- name: ReadNotice :one
-- Marks one of somebody's notices read and says where it leads.
UPDATE notices SET read_at = coalesce(read_at, now())
 WHERE dataset_id = @dataset_id AND user_id = @user_id AND id = @id
RETURNING link;

-- name: ReadNotices :execrows
-- Marks everything up to a notice read, so that what came in meanwhile stays unread.
UPDATE notices SET read_at = now()
 WHERE dataset_id = @dataset_id AND user_id = @user_id AND read_at IS NULL AND id <= @newest;

-- name: RemoveDemoNotices :exec
DELETE FROM notices n USING examples e
 WHERE n.dataset_id = @dataset_id AND e.dataset_id = n.dataset_id AND e.id = n.example_id AND e.source_id = ANY(@sources::uuid[]);
