-- name: OwnLeases :many
-- The live leases of one reviewer in one queue, oldest example first.
SELECT l.example_id, l.expires_at
  FROM leases l
  JOIN examples e ON e.dataset_id = l.dataset_id AND e.id = l.example_id
 WHERE l.dataset_id = @dataset_id AND l.reviewer_id = @reviewer_id AND l.expires_at > now()
   AND e.status = @status
   AND (@category::text = '' OR e.category = @category)
   AND (@subcategory::text = '' OR e.subcategory = @subcategory)
 ORDER BY l.example_id
 LIMIT @max_rows::int;

-- name: ClaimAfter :many
-- Leases up to max_rows examples of one shelf whose id is above after. Rows that
-- another claim is looking at are passed over; rows under a live lease and rows
-- that this reviewer skipped do not count. A row without expires_at was there,
-- but another claim was quicker by a blink: its lease came after our snapshot.
WITH next AS (
    SELECT e.id
      FROM examples e
     WHERE e.dataset_id = @dataset_id AND e.category = @category AND e.subcategory = @subcategory
       AND e.status = @status AND e.id > @after
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM decisions d
                        WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id
                          AND d.reviewer_id = @reviewer_id AND d.verdict = 'skip'
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.id AS example_id, taken.expires_at
  FROM next LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY next.id;

-- name: ClaimSkipped :many
-- When nothing else is left: what this reviewer skipped, longest ago first, among
-- the last 500 skips.
WITH skipped AS (
    SELECT d.example_id, max(d.id::text)::uuid AS last_skip
      FROM (SELECT d.id, d.example_id FROM decisions d
             WHERE d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.verdict = 'skip'
             ORDER BY d.id DESC LIMIT 500) AS d
     GROUP BY d.example_id
), next AS (
    SELECT e.id
      FROM examples e
      JOIN skipped s ON s.example_id = e.id
     WHERE e.dataset_id = @dataset_id AND e.status = @status
       AND (@category::text = '' OR e.category = @category)
       AND (@subcategory::text = '' OR e.subcategory = @subcategory)
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
     ORDER BY s.last_skip
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
)
INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
ON CONFLICT (dataset_id, example_id) DO UPDATE
   SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at
 WHERE l.expires_at <= now()
RETURNING l.example_id, l.expires_at;

-- name: Shelves :many
-- The subcategories of a queue that hold anything, from the counters.
SELECT category, subcategory, sum(examples)::bigint AS examples
  FROM counters
 WHERE dataset_id = @dataset_id AND status = @status
   AND (@category::text = '' OR category = @category)
   AND (@subcategory::text = '' OR subcategory = @subcategory)
 GROUP BY category, subcategory
HAVING sum(examples) > 0
 ORDER BY category, subcategory
 LIMIT 1000;

-- name: ExtendLeases :many
-- Extends those of the leases that are still the reviewer's.
UPDATE leases
   SET expires_at = now() + make_interval(secs => @seconds::float8)
 WHERE dataset_id = @dataset_id AND reviewer_id = @reviewer_id AND example_id = ANY(@example_ids::uuid[])
   AND expires_at > now()
RETURNING example_id, expires_at;

-- name: ReleaseLeases :exec
DELETE FROM leases
 WHERE dataset_id = @dataset_id AND reviewer_id = @reviewer_id AND example_id = ANY(@example_ids::uuid[]);

-- name: TakeLease :execrows
-- A lease on one example, whoever is next in the queue; nothing when another
-- reviewer holds it.
INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
VALUES (@dataset_id, @example_id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8))
ON CONFLICT (dataset_id, example_id) DO UPDATE
   SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at
 WHERE l.expires_at <= now() OR l.reviewer_id = excluded.reviewer_id;

-- name: DropLease :exec
DELETE FROM leases WHERE dataset_id = @dataset_id AND example_id = @example_id;

-- name: SweepLeases :execrows
DELETE FROM leases WHERE expires_at < now() - interval '1 hour';

-- name: LockExample :one
-- The example and who holds it. Everything that changes an example locks it
-- first, so decisions on one example happen one after the other.
SELECT e.id, e.category, e.subcategory, e.status, e.revision, e.tokens, e.turns, e.errors, e.warnings,
       l.reviewer_id AS holder_id, l.expires_at AS held_until
  FROM examples e
  LEFT JOIN leases l ON l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now()
 WHERE e.dataset_id = @dataset_id AND e.id = @id
   FOR NO KEY UPDATE OF e;

-- name: SetStatus :exec
UPDATE examples SET status = @status, updated_at = now()
 WHERE dataset_id = @dataset_id AND id = @id;

-- name: SetRevision :exec
UPDATE examples
   SET status = @status, revision = @revision, tokens = @tokens, turns = @turns,
       errors = @errors, warnings = @warnings, updated_at = now()
 WHERE dataset_id = @dataset_id AND id = @id;

-- name: RevisionContent :one
SELECT revision, messages, tools, metadata, strict, tokens, plain_tokens, hash
  FROM revisions
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND revision = @revision;

-- name: AppendRevision :exec
INSERT INTO revisions (dataset_id, example_id, revision, messages, tools, metadata, strict, tokens, plain_tokens,
                       hash, author_id, reason)
VALUES (@dataset_id, @example_id, @revision, @messages, @tools, @metadata, @strict, @tokens, @plain_tokens,
        @hash, @author_id, @reason);

-- name: AppendFinding :batchexec
INSERT INTO findings (dataset_id, example_id, revision, ordinal, rule, severity, message, path, start_at, end_at)
VALUES (@dataset_id, @example_id, @revision, @ordinal, @rule, @severity, @message, @path, @start_at, @end_at);

-- name: AppendDecision :exec
INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, new_revision, verdict, reason, comment,
                       override_reason, checklist, status_before, status_after, undoes, request_key, millis)
VALUES (@dataset_id, @id, @example_id, @reviewer_id, @revision, @new_revision, @verdict, @reason, @comment,
        @override_reason, @checklist, @status_before, @status_after, @undoes, @request_key, @millis);

-- name: DecisionByKey :one
SELECT d.id, d.example_id, d.verdict, d.status_after, coalesce(d.new_revision, d.revision)::int AS revision
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.request_key = @request_key;

-- name: DecisionByID :one
SELECT d.id, d.example_id, d.reviewer_id, d.revision, d.new_revision, d.verdict, d.status_before, d.status_after,
       EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id) AS undone
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.id = @id;

-- name: LaterDecision :one
-- Whether something else was decided on the example after the given decision
-- (skips and what was undone do not count).
SELECT EXISTS (
    SELECT FROM decisions d
     WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id AND d.id > @id AND d.verdict NOT IN ('undo', 'skip')
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
) AS later;

-- name: LastUndoable :one
-- The newest decision of a reviewer that was not undone yet.
SELECT d.id, d.example_id
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.verdict <> 'undo'
   AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
 ORDER BY d.id DESC
 LIMIT 1;

-- name: ReviewerPace :one
-- How many decisions a reviewer made since a moment, and how many milliseconds
-- they took.
SELECT count(*)::bigint AS decisions, coalesce(sum(millis), 0)::bigint AS millis
  FROM decisions
 WHERE dataset_id = @dataset_id AND reviewer_id = @reviewer_id AND created_at >= @since
   AND verdict IN ('approve', 'reject', 'escalate');

-- Queues of one assignment ------------------------------------------------------

-- name: OpenAssignmentOf :one
-- An assignment that runs and that the reviewer has.
SELECT a.kind, a.category, a.subcategory, a.import_id
  FROM assignments a
 WHERE a.dataset_id = @dataset_id AND a.id = @id AND a.ended_at IS NULL
   AND (a.everybody OR EXISTS (SELECT FROM assignment_people p
                                WHERE p.dataset_id = a.dataset_id AND p.assignment_id = a.id AND p.user_id = @reviewer_id));

-- name: ClaimImported :many
-- ClaimAfter for the pending examples of one import, in the order of its file.
-- What the reviewer has approved already waits for somebody else; what they
-- skipped counts only with again.
WITH next AS (
    SELECT e.id
      FROM examples e
     WHERE e.dataset_id = @dataset_id AND e.import_id = @import_id AND e.status = 'pending'
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM decisions d
                        WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.reviewer_id = @reviewer_id
                          AND (d.verdict = 'skip' AND NOT @again::boolean
                               OR d.verdict = 'approve' AND coalesce(d.new_revision, d.revision) = e.revision)
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.id AS example_id, taken.expires_at
  FROM next LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY next.id;

-- name: ClaimListed :many
-- The same for the examples that an assignment lists, the most suspicious first.
WITH next AS (
    SELECT e.id, e.suspicion
      FROM assignment_examples a
      JOIN examples e ON e.dataset_id = a.dataset_id AND e.id = a.example_id
     WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id AND e.status = 'pending'
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM decisions d
                        WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.reviewer_id = @reviewer_id
                          AND (d.verdict = 'skip' AND NOT @again::boolean
                               OR d.verdict = 'approve' AND coalesce(d.new_revision, d.revision) = e.revision)
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY e.suspicion DESC, e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.id AS example_id, taken.expires_at
  FROM next LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY next.suspicion DESC, next.id;

-- name: OwnAssignedLeases :many
-- OwnLeases for one import or for the examples that an assignment lists.
SELECT l.example_id, l.expires_at
  FROM leases l
  JOIN examples e ON e.dataset_id = l.dataset_id AND e.id = l.example_id
 WHERE l.dataset_id = @dataset_id AND l.reviewer_id = @reviewer_id AND l.expires_at > now() AND e.status = 'pending'
   AND (e.import_id = sqlc.narg('import_id')::uuid
        OR EXISTS (SELECT FROM assignment_examples a
                    WHERE a.dataset_id = e.dataset_id AND a.assignment_id = @assignment_id AND a.example_id = e.id))
 ORDER BY l.taken_at, l.example_id
 LIMIT @max_rows::int;
