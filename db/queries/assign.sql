-- name: InsertAssignment :exec
INSERT INTO assignments (dataset_id, id, kind, category, subcategory, import_id, examples, title, origin, note, due, everybody, author_id, author)
VALUES (@dataset_id, @id, @kind, @category, @subcategory, sqlc.narg('import_id'), @examples, @title, @origin, @note, sqlc.narg('due'), @everybody, @author_id, @author);

-- name: InsertAssignmentPeople :exec
INSERT INTO assignment_people (dataset_id, assignment_id, user_id)
SELECT @dataset_id, @assignment_id, unnest(@user_ids::uuid[])
ON CONFLICT DO NOTHING;

-- name: DeleteAssignmentPeople :exec
DELETE FROM assignment_people WHERE dataset_id = @dataset_id AND assignment_id = @assignment_id;

-- name: InsertAssignmentExamples :execrows
-- Those of the examples that there are.
INSERT INTO assignment_examples (dataset_id, assignment_id, example_id)
SELECT e.dataset_id, @assignment_id::uuid, e.id
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.id = ANY(@example_ids::uuid[])
ON CONFLICT DO NOTHING;

-- name: LockAssignment :one
SELECT a.* FROM assignments a WHERE a.dataset_id = @dataset_id AND a.id = @id FOR UPDATE;

-- name: AssignmentByID :one
SELECT a.* FROM assignments a WHERE a.dataset_id = @dataset_id AND a.id = @id;

-- name: ListAssignments :many
-- Newest first, strictly before the id: those that run, or those that have ended.
SELECT a.*
  FROM assignments a
 WHERE a.dataset_id = @dataset_id AND a.id < @before AND (a.ended_at IS NOT NULL) = @ended::boolean
 ORDER BY a.id DESC
 LIMIT @max_rows::int;

-- name: AssignmentsOf :many
-- What somebody has to do: the soonest due first, then the oldest.
SELECT a.*
  FROM assignments a
 WHERE a.dataset_id = @dataset_id AND a.ended_at IS NULL
   AND (a.everybody OR EXISTS (SELECT FROM assignment_people p
                                WHERE p.dataset_id = a.dataset_id AND p.assignment_id = a.id AND p.user_id = @user_id))
 ORDER BY a.due NULLS LAST, a.id
 LIMIT @max_rows::int;

-- name: AssignmentPeople :many
SELECT p.assignment_id, p.user_id, coalesce(u.name, '')::text AS name
  FROM assignment_people p
  LEFT JOIN users u ON u.id = p.user_id
 WHERE p.dataset_id = @dataset_id AND p.assignment_id = ANY(@assignment_ids::uuid[])
 ORDER BY p.assignment_id, name, p.user_id
 LIMIT 20000;

-- name: SetAssignmentEveryone :exec
UPDATE assignments SET everybody = @everybody WHERE dataset_id = @dataset_id AND id = @id;

-- name: EndAssignment :exec
UPDATE assignments SET ended_at = now(), ended_by = @ended_by WHERE dataset_id = @dataset_id AND id = @id;

-- name: ShelfProgress :many
-- How many examples of a shelf there are in each status, from the counters.
SELECT status, sum(examples)::bigint AS examples
  FROM counters
 WHERE dataset_id = @dataset_id AND category = @category AND (@subcategory::text = '' OR subcategory = @subcategory)
 GROUP BY status
 ORDER BY status;

-- name: ImportProgress :one
-- How many examples an import brought, and how many of them wait, counted no
-- further than most.
SELECT coalesce((SELECT i.inserted FROM import_runs i WHERE i.dataset_id = @dataset_id AND i.id = @import_id), 0)::bigint AS total,
       (SELECT count(*) FROM (SELECT FROM examples e
                               WHERE e.dataset_id = @dataset_id AND e.import_id = @import_id AND e.status = 'pending'
                               LIMIT @most::int) AS waiting_ones)::bigint AS waiting;

-- name: ListedProgress :one
-- How many of an assignment's listed examples there are, and how many wait: at
-- most as many as one assignment holds. Approved ones wait where they are audited.
SELECT count(*)::bigint AS total,
       ((count(*) FILTER (WHERE e.status = 'pending'))
        + (SELECT count(*) FROM audits_waiting w WHERE w.dataset_id = @dataset_id AND w.assignment_id = @assignment_id))::bigint AS waiting
  FROM assignment_examples a
  JOIN examples e ON e.dataset_id = a.dataset_id AND e.id = a.example_id
 WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id;

-- name: RemoveDemoAssignmentExamples :exec
DELETE FROM assignment_examples a USING examples e
 WHERE a.dataset_id = @dataset_id AND e.dataset_id = a.dataset_id AND e.id = a.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: EndDemoAssignments :exec
-- What was given of an import that goes has nothing left to do.
UPDATE assignments a SET ended_at = now(), ended_by = 'Spotter'
  FROM import_runs i
 WHERE a.dataset_id = @dataset_id AND a.ended_at IS NULL AND a.import_id = i.id
   AND i.dataset_id = a.dataset_id AND i.source_id = ANY(@sources::uuid[]);
