-- name: OwnLeases :many
-- The live leases of one reviewer in one queue, in the order they were taken.
SELECT l.example_id, l.expires_at
  FROM leases l
  JOIN examples e ON e.dataset_id = l.dataset_id AND e.id = l.example_id
 WHERE l.dataset_id = @dataset_id AND l.reviewer_id = @reviewer_id AND l.expires_at > now()
   AND (e.status = 'pending' OR l.look_id IS NOT NULL)
   AND (@category::text = '' OR e.category = @category)
   AND (@subcategory::text = '' OR e.subcategory = @subcategory)
 ORDER BY l.taken_at, l.example_id
 LIMIT @max_rows::int;

-- name: ClaimAfter :many
-- Leases up to max_rows examples of one shelf, the most suspicious first, that come
-- after a place in it: minus the suspicion, and the id. Rows that another claim is looking at are passed over;
-- rows under a live lease, rows that this reviewer skipped or has a verdict on,
-- and, where enough is not 0, rows that have that many approvals do not count. A
-- row without expires_at was there, but another claim was quicker by a blink: its
-- lease came after our snapshot. The order and OFFSET 0 keep the planner on the index
-- by example, also while the table is so small that any index looks as good.
WITH next AS (
    SELECT e.id, e.suspicion
      FROM examples e
     WHERE e.dataset_id = @dataset_id AND e.category = @category AND e.subcategory = @subcategory
       AND e.status = 'pending' AND ((-e.suspicion)::smallint, e.id) > (@place::smallint, @after::uuid)
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM (SELECT * FROM decisions x WHERE x.dataset_id = e.dataset_id AND x.example_id = e.id ORDER BY x.id OFFSET 0) AS d
                        WHERE d.reviewer_id = @reviewer_id
                          AND (d.verdict = 'skip' OR d.verdict <> 'undo' AND coalesce(d.new_revision, d.revision) = e.revision)
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
       AND (@enough::int = 0 OR (SELECT count(DISTINCT d.reviewer_id) FROM decisions d
                        WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.verdict = 'approve' AND d.kind IN ('review', 'bulk') AND NOT d.informed
                          AND coalesce(d.new_revision, d.revision) = e.revision
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) < @enough::int)
     ORDER BY (-e.suspicion)::smallint, e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = NULL
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.id AS example_id, next.suspicion, taken.expires_at
  FROM next LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY next.suspicion DESC, next.id;

-- name: ClaimOldest :many
-- As ClaimAfter, but in the order of import.
WITH next AS (
    SELECT e.id
      FROM examples e
     WHERE e.dataset_id = @dataset_id AND e.category = @category AND e.subcategory = @subcategory
       AND e.status = 'pending' AND e.id > @after::uuid
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM (SELECT * FROM decisions x WHERE x.dataset_id = e.dataset_id AND x.example_id = e.id ORDER BY x.id OFFSET 0) AS d
                        WHERE d.reviewer_id = @reviewer_id
                          AND (d.verdict = 'skip' OR d.verdict <> 'undo' AND coalesce(d.new_revision, d.revision) = e.revision)
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
       AND (@enough::int = 0 OR (SELECT count(DISTINCT d.reviewer_id) FROM decisions d
                        WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.verdict = 'approve' AND d.kind IN ('review', 'bulk') AND NOT d.informed
                          AND coalesce(d.new_revision, d.revision) = e.revision
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) < @enough::int)
     ORDER BY e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = NULL
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.id AS example_id, 0::smallint AS suspicion, taken.expires_at
  FROM next LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY next.id;

-- name: OldestShelves :many
-- Of each of these shelves the first example beyond a place, oldest first.
SELECT t.category::text AS category, t.subcategory::text AS subcategory, head.id
  FROM (SELECT unnest(@categories::text[]) AS category, unnest(@subcategories::text[]) AS subcategory, unnest(@afters::uuid[]) AS after) AS t
 CROSS JOIN LATERAL (SELECT e.id FROM examples e
                      WHERE e.dataset_id = @dataset_id AND e.category = t.category AND e.subcategory = t.subcategory
                        AND e.status = 'pending' AND e.id > t.after
                      ORDER BY e.id LIMIT 1) AS head
 ORDER BY head.id
 LIMIT 1000;

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
     WHERE e.dataset_id = @dataset_id AND e.status = 'pending'
       AND (@category::text = '' OR e.category = @category)
       AND (@subcategory::text = '' OR e.subcategory = @subcategory)
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM decisions d
                        WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.reviewer_id = @reviewer_id
                          AND d.verdict NOT IN ('undo', 'skip') AND coalesce(d.new_revision, d.revision) = e.revision
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY s.last_skip
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
)
INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
ON CONFLICT (dataset_id, example_id) DO UPDATE
   SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = NULL
 WHERE l.expires_at <= now()
RETURNING l.example_id, l.expires_at;

-- name: Shelves :many
-- The subcategories of a queue that hold anything to review, from the counters,
-- with how many are approved already.
SELECT category, subcategory,
       coalesce(sum(examples) FILTER (WHERE status = 'pending'), 0)::bigint AS pending,
       coalesce(sum(examples) FILTER (WHERE status = 'approved'), 0)::bigint AS approved
  FROM counters
 WHERE dataset_id = @dataset_id
   AND (@category::text = '' OR category = @category)
   AND (@subcategory::text = '' OR subcategory = @subcategory)
 GROUP BY category, subcategory
HAVING sum(examples) FILTER (WHERE status = 'pending') > 0
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
INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at, look_id)
VALUES (@dataset_id, @example_id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8), sqlc.narg('look_id'))
ON CONFLICT (dataset_id, example_id) DO UPDATE
   SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = excluded.look_id
 WHERE l.expires_at <= now() OR l.reviewer_id = excluded.reviewer_id;

-- name: DropLease :exec
DELETE FROM leases WHERE dataset_id = @dataset_id AND example_id = @example_id;

-- name: SweepLeases :execrows
DELETE FROM leases WHERE expires_at < now() - interval '1 hour';

-- name: LockExample :one
-- The example and who holds it, or held it last. Everything that changes an
-- example locks it first, so decisions on one example happen one after the other.
SELECT e.id, e.category, e.subcategory, e.status, e.revision, e.tokens, e.turns, e.errors, e.warnings,
       l.reviewer_id AS holder_id, l.look_id, coalesce(l.expires_at > now(), false)::boolean AS held
  FROM examples e
  LEFT JOIN leases l ON l.dataset_id = e.dataset_id AND l.example_id = e.id
 WHERE e.dataset_id = @dataset_id AND e.id = @id
   FOR NO KEY UPDATE OF e;

-- name: DecisionsUnderLock :many
-- What was decided on an example, newest first. Read in a statement of its own
-- after LockExample: the one that waited for the lock saw the past.
SELECT d.id, d.reviewer_id, d.verdict, d.kind, d.status_after, coalesce(d.new_revision, d.revision)::int AS revision, d.request_key, d.informed,
       EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id) AS undone
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id
 ORDER BY d.id DESC
 LIMIT 500;

-- name: AnyHasSkill :one
-- Whether one of these people has the mark.
SELECT EXISTS (SELECT FROM users WHERE id = ANY(@ids::uuid[]) AND @skill::text = ANY(skills)) AS has;

-- name: SkillsOfUser :one
SELECT skills FROM users WHERE id = @id;

-- name: HasAnySkill :one
SELECT EXISTS (SELECT FROM users WHERE id = @id AND skills && @skills::text[]) AS has;

-- name: OpenRules :many
-- The rules that found something on a revision that nobody waived.
SELECT DISTINCT f.rule FROM findings f
 WHERE f.dataset_id = @dataset_id AND f.example_id = @example_id AND f.revision = @revision AND NOT f.waived
 ORDER BY f.rule
 LIMIT 1000;

-- name: SetStatus :exec
UPDATE examples SET status = @status, updated_at = now()
 WHERE dataset_id = @dataset_id AND id = @id;

-- name: SetRevision :exec
UPDATE examples
   SET status = @status, revision = @revision, tokens = @tokens, turns = @turns,
       errors = @errors, warnings = @warnings, duplicates = 0, doubt = @doubt, updated_at = now()
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
INSERT INTO decisions (dataset_id, id, example_id, reviewer_id, revision, new_revision, verdict, kind, reason, comment,
                       override_reason, checklist, proposal, status_before, status_after, undoes, request_key, millis, informed, carries)
VALUES (@dataset_id, @id, @example_id, @reviewer_id, @revision, @new_revision, @verdict, @kind, @reason, @comment,
        @override_reason, @checklist, @proposal, @status_before, @status_after, @undoes, @request_key, @millis, @informed, @carries);

-- name: CarriedVerdicts :many
-- The verdicts in force on a revision, of each person the latest, in the order in
-- which they were given: what another revision with the same content inherits. What
-- was carried over before is taken back together with the decision that it carries.
SELECT v.id, v.reviewer_id, v.verdict, v.kind, v.reason, v.comment, v.override_reason, v.checklist, v.status_before, v.status_after,
       v.informed, coalesce(v.carries, v.id)::uuid AS carries
  FROM (SELECT DISTINCT ON (d.reviewer_id) d.*
          FROM decisions d
         WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id AND coalesce(d.new_revision, d.revision) = @revision::int
           AND d.verdict IN ('approve', 'reject', 'escalate') AND d.kind IN ('review', 'bulk', 'adjudication')
           AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes IN (d.id, d.carries))
         ORDER BY d.reviewer_id, d.id DESC) AS v
 ORDER BY v.id
 LIMIT 200;

-- name: DecisionByKey :one
SELECT d.id, d.example_id, d.verdict, d.status_after, coalesce(d.new_revision, d.revision)::int AS revision
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.request_key = @request_key;

-- name: DecisionByID :one
SELECT d.id, d.example_id, d.reviewer_id, d.revision, d.new_revision, d.verdict, d.kind, d.status_before, d.status_after, d.carries,
       EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id) AS undone
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.id = @id;

-- name: LaterDecision :one
-- Whether something else was decided on the example after the given decision.
-- Skips, looks that changed nothing and what was undone do not count.
SELECT EXISTS (
    SELECT FROM decisions d
     WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id AND d.id > @id AND d.verdict NOT IN ('undo', 'skip')
       AND NOT (d.kind IN ('second', 'gold') AND d.status_before = d.status_after)
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
) AS later;

-- name: LastUndoable :one
-- The newest decision of a reviewer that was not undone yet and that nobody has
-- built on since. What was carried over can be taken back unless it was an edit,
-- whose words the revision before had; what it carries, only through it.
SELECT d.id, d.example_id
  FROM decisions d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
 WHERE (d.verdict = 'skip' OR d.kind IN ('second', 'gold') OR coalesce(d.new_revision, d.revision) = e.revision)
   AND NOT EXISTS (SELECT FROM decisions c WHERE c.dataset_id = d.dataset_id AND c.id = d.carries AND c.new_revision IS NOT NULL)
   AND d.dataset_id = @dataset_id AND d.reviewer_id = @reviewer_id AND d.verdict <> 'undo'
   AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
   AND (d.verdict = 'skip' OR d.kind IN ('second', 'gold') AND d.status_before = d.status_after OR NOT EXISTS (
        SELECT FROM decisions l
         WHERE l.dataset_id = d.dataset_id AND l.example_id = d.example_id AND l.id > d.id AND l.verdict NOT IN ('undo', 'skip')
           AND NOT (l.kind IN ('second', 'gold') AND l.status_before = l.status_after)
           AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = l.dataset_id AND u.undoes = l.id)))
 ORDER BY d.id DESC
 LIMIT 1;

-- name: ReviewerPace :one
-- How many decisions a reviewer made since a moment, and how many milliseconds
-- they took.
SELECT count(*)::bigint AS decisions, coalesce(sum(millis), 0)::bigint AS millis
  FROM decisions
 WHERE dataset_id = @dataset_id AND reviewer_id = @reviewer_id AND created_at >= @since
   AND verdict IN ('approve', 'reject', 'escalate') AND carries IS NULL;

-- name: OwnApprovalsWaiting :one
-- Of the latest thousand decisions of a reviewer: how many approved, in their
-- latest text, examples of a category (and subcategory, unless it is empty) that
-- wait for somebody else's approval.
SELECT count(DISTINCT e.id)::bigint AS waiting
  FROM (SELECT o.dataset_id, o.id, o.example_id, o.verdict, coalesce(o.new_revision, o.revision) AS revision
          FROM decisions o
         WHERE o.dataset_id = @dataset_id AND o.reviewer_id = @reviewer_id
         ORDER BY o.id DESC LIMIT 1000) AS d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id AND e.revision = d.revision
 WHERE d.verdict = 'approve' AND e.status = 'pending' AND e.category = @category AND (@subcategory::text = '' OR e.subcategory = @subcategory)
   AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id);

-- Hidden looks ------------------------------------------------------------------

-- name: AskSecondLook :exec
INSERT INTO looks (dataset_id, id, example_id, revision, kind, category, subcategory, first_id, not_for, expected)
VALUES (@dataset_id, @id, @example_id, @revision, 'second', @category, @subcategory, @first_id, @not_for, @expected)
ON CONFLICT (dataset_id, first_id) WHERE kind = 'second' DO NOTHING;

-- name: ClaimSecondLook :many
-- Leases one example whose second look is open and for somebody else than those
-- who decided it, among the next 50 looks of a shelf. Without example_id: none of
-- them; last says how far it looked.
WITH open AS (
    SELECT k.id, k.example_id, k.revision, k.expected
      FROM looks k
     WHERE k.dataset_id = @dataset_id AND k.category = @category AND k.subcategory = @subcategory
       AND k.closed_at IS NULL AND k.id > @after AND k.kind = 'second' AND k.not_for <> @reviewer_id
     ORDER BY k.id
     LIMIT 50
), next AS (
    SELECT open.id AS look_id, e.id
      FROM open
      JOIN examples e ON e.dataset_id = @dataset_id AND e.id = open.example_id AND e.revision = open.revision
                     AND e.status = CASE open.expected WHEN 'approve' THEN 'approved'::example_status ELSE 'rejected'::example_status END
     WHERE NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM witness(e.dataset_id, e.id, e.revision, @reviewer_id, false))
     ORDER BY open.id
     LIMIT 1
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at, look_id)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8), next.look_id FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = excluded.look_id
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT open.id AS last, taken.example_id, taken.expires_at
  FROM open LEFT JOIN next ON next.look_id = open.id LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY taken.example_id NULLS LAST, open.id DESC
 LIMIT 1;

-- name: ClaimGold :many
-- Leases a gold example that this reviewer has not met, in an order of their own.
WITH next AS (
    SELECT e.id, e.revision, e.category, e.subcategory, g.verdict
      FROM golds g
      JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id AND e.revision = g.revision
                     AND e.status = CASE g.verdict WHEN 'approve' THEN 'approved'::example_status ELSE 'rejected'::example_status END
     WHERE g.dataset_id = @dataset_id AND g.retired_at IS NULL AND g.author_id <> @reviewer_id
       AND e.category = @category AND (@subcategory::text = '' OR e.subcategory = @subcategory)
       AND (sqlc.narg('among')::uuid[] IS NULL OR g.example_id = ANY(sqlc.narg('among')::uuid[]))
       AND NOT EXISTS (SELECT FROM looks k
                        WHERE k.dataset_id = g.dataset_id AND k.example_id = g.example_id AND k.kind = 'gold'
                          AND k.reviewer_id = @reviewer_id AND k.closed_at IS NOT NULL)
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM witness(e.dataset_id, e.id, e.revision, @reviewer_id, false))
     ORDER BY md5(g.example_id::text || @reviewer_id::text)
     LIMIT 1
       FOR NO KEY UPDATE OF e SKIP LOCKED
), met AS (
    INSERT INTO looks AS k (dataset_id, id, example_id, revision, kind, category, subcategory, expected, reviewer_id)
    SELECT @dataset_id, @look_id, next.id, next.revision, 'gold', next.category, next.subcategory, next.verdict, @reviewer_id FROM next
    ON CONFLICT (dataset_id, example_id, reviewer_id) WHERE kind = 'gold' DO UPDATE
       SET revision = excluded.revision, expected = excluded.expected
     WHERE k.closed_at IS NULL
    RETURNING k.id, k.example_id
)
INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at, look_id)
SELECT @dataset_id, met.example_id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8), met.id FROM met
ON CONFLICT (dataset_id, example_id) DO UPDATE
   SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = excluded.look_id
 WHERE l.expires_at <= now()
RETURNING l.example_id, l.expires_at;

-- name: LookByID :one
SELECT k.id, k.example_id, k.revision, k.kind, k.expected, k.closed_at, coalesce(g.reason, '')::text AS why
  FROM looks k
  LEFT JOIN golds g ON g.dataset_id = k.dataset_id AND g.example_id = k.example_id AND k.kind = 'gold'
 WHERE k.dataset_id = @dataset_id AND k.id = @id;

-- name: CloseLook :exec
-- The first answer on a gold example is the one that counts.
UPDATE looks SET reviewer_id = @reviewer_id, decision_id = @decision_id, closed_at = now(),
                 agrees = CASE WHEN kind = 'gold' THEN coalesce(agrees, @agrees) ELSE @agrees END
 WHERE dataset_id = @dataset_id AND id = @id;

-- name: ReopenLook :one
-- Takes back what a decision said in a look.
UPDATE looks SET decision_id = NULL, closed_at = NULL,
                 reviewer_id = CASE WHEN kind = 'gold' THEN reviewer_id END,
                 agrees = CASE WHEN kind = 'gold' THEN agrees END
 WHERE dataset_id = @dataset_id AND decision_id = @decision_id AND example_id = @example_id
RETURNING id;

-- name: DropLooks :exec
-- Ends the looks that nobody took: what they were about changed.
UPDATE looks SET closed_at = now()
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND closed_at IS NULL;

-- name: SetGold :exec
INSERT INTO golds (dataset_id, example_id, revision, verdict, reason, author_id)
VALUES (@dataset_id, @example_id, @revision, @verdict, @reason, @author_id)
ON CONFLICT (dataset_id, example_id) DO UPDATE
   SET revision = excluded.revision, verdict = excluded.verdict, reason = excluded.reason, author_id = excluded.author_id,
       created_at = now(), retired_at = NULL;

-- name: RetireGold :execrows
UPDATE golds SET retired_at = now() WHERE dataset_id = @dataset_id AND example_id = @example_id AND retired_at IS NULL;

-- name: GoldOf :one
SELECT g.revision, g.verdict, g.reason, g.created_at, coalesce(u.name, '')::text AS author,
       (SELECT count(*) FROM looks k WHERE k.dataset_id = g.dataset_id AND k.example_id = g.example_id AND k.kind = 'gold' AND k.agrees IS NOT NULL) AS met,
       (SELECT count(*) FROM looks k WHERE k.dataset_id = g.dataset_id AND k.example_id = g.example_id AND k.kind = 'gold' AND k.agrees) AS agreed
  FROM golds g LEFT JOIN users u ON u.id = g.author_id
 WHERE g.dataset_id = @dataset_id AND g.example_id = @example_id AND g.retired_at IS NULL;

-- Escalations ---------------------------------------------------------------------

-- name: OpenEscalation :exec
INSERT INTO escalations (dataset_id, id, example_id, kind, decision_id, asked_by, question)
VALUES (@dataset_id, @id, @example_id, @kind, @decision_id, @asked_by, @question);

-- name: AnswerEscalations :many
-- Ends what is open about an example.
UPDATE escalations SET answer_id = @answer_id, answered_by = @answered_by, answer = @answer, answered_at = now()
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND answered_at IS NULL
RETURNING id, kind, asked_by, decision_id;

-- name: WithdrawEscalation :exec
-- Ends what one decision asked; it was undone.
UPDATE escalations SET answer_id = @answer_id, answered_by = @answered_by, answered_at = now()
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND decision_id = @decision_id AND answered_at IS NULL;

-- name: ReopenEscalations :exec
-- The decision that ended these was undone.
UPDATE escalations SET answer_id = NULL, answered_by = NULL, answer = '', answered_at = NULL
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND answer_id = @answer_id;

-- name: OpenKinds :many
SELECT DISTINCT kind FROM escalations
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND answered_at IS NULL
 ORDER BY kind LIMIT 10;

-- name: ListEscalations :many
-- What is open of one kind, oldest first; all: in any category.
SELECT x.id, x.example_id, x.kind, x.asked_by, coalesce(u.name, '')::text AS asker, x.question, x.created_at,
       e.category, e.subcategory, e.revision
  FROM escalations x
  JOIN examples e ON e.dataset_id = x.dataset_id AND e.id = x.example_id
  LEFT JOIN users u ON u.id = x.asked_by
 WHERE x.dataset_id = @dataset_id AND x.kind = @kind AND x.answered_at IS NULL AND x.id > @after
   AND (@everything::boolean OR x.asked_by = @viewer OR e.category = ANY(@categories::text[]))
 ORDER BY x.id
 LIMIT @max_rows::int;

-- name: EscalationByID :one
SELECT x.id, x.example_id, x.kind, x.decision_id, x.asked_by, coalesce(u.name, '')::text AS asker, x.question, x.created_at,
       x.answer, x.answered_at, x.answer_id, coalesce(a.name, '')::text AS answerer
  FROM escalations x
  LEFT JOIN users u ON u.id = x.asked_by
  LEFT JOIN users a ON a.id = x.answered_by
 WHERE x.dataset_id = @dataset_id AND x.id = @id;

-- name: EscalationsOf :many
SELECT x.id, x.example_id, x.kind, x.decision_id, x.asked_by, coalesce(u.name, '')::text AS asker, x.question, x.created_at,
       x.answer, x.answered_at, x.answer_id, coalesce(a.name, '')::text AS answerer
  FROM escalations x
  LEFT JOIN users u ON u.id = x.asked_by
  LEFT JOIN users a ON a.id = x.answered_by
 WHERE x.dataset_id = @dataset_id AND x.example_id = @example_id
 ORDER BY x.id DESC
 LIMIT 100;

-- name: LookShelves :many
-- Where second looks are open that this reviewer may take, among the next 5,000.
WITH open AS (
    SELECT x.category, x.subcategory, x.not_for FROM looks x
     WHERE x.dataset_id = @dataset_id AND x.closed_at IS NULL AND x.kind = 'second'
       AND (@category::text = '' OR x.category = @category)
       AND (@subcategory::text = '' OR x.subcategory = @subcategory)
     ORDER BY x.category, x.subcategory, x.id
     LIMIT 5000
)
SELECT open.category, open.subcategory FROM open
 WHERE open.not_for <> @reviewer_id::uuid
 GROUP BY open.category, open.subcategory
 ORDER BY open.category, open.subcategory
 LIMIT 1000;

-- name: CategoryOf :one
SELECT category FROM examples WHERE dataset_id = @dataset_id AND id = @id;

-- Queues of one assignment ------------------------------------------------------

-- name: OpenAssignmentOf :one
-- An assignment that runs and that the reviewer has. audits: it is of approved work,
-- for a sample that audits it.
SELECT a.kind, a.category, a.subcategory, a.import_id, a.origin,
       EXISTS (SELECT FROM sample_assignments w JOIN samples s ON s.dataset_id = w.dataset_id AND s.id = w.sample_id
                WHERE w.dataset_id = a.dataset_id AND w.assignment_id = a.id AND s.scope = 'approved')::boolean AS audits
  FROM assignments a
 WHERE a.dataset_id = @dataset_id AND a.id = @id AND a.ended_at IS NULL
   AND (a.everybody OR EXISTS (SELECT FROM assignment_people p
                                WHERE p.dataset_id = a.dataset_id AND p.assignment_id = a.id AND p.user_id = @reviewer_id));

-- name: ClaimImported :many
-- ClaimAfter for the pending examples of one import, in the order of its file.
-- What the reviewer has a verdict on waits for somebody else; what they
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
                               OR d.verdict NOT IN ('undo', 'skip') AND coalesce(d.new_revision, d.revision) = e.revision)
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = NULL
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
                               OR d.verdict NOT IN ('undo', 'skip') AND coalesce(d.new_revision, d.revision) = e.revision)
                          AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))
     ORDER BY e.suspicion DESC, e.id
     LIMIT @max_rows::int
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8) FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = NULL
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.id AS example_id, taken.expires_at
  FROM next LEFT JOIN taken ON taken.example_id = next.id
 ORDER BY next.suspicion DESC, next.id;

-- name: ClaimAudited :many
-- The same for approved examples that an audit's assignment lists, in the order of
-- drawing: each is leased with a look of its own at it. Nobody gets what they approved
-- before it was drawn, in any words, since their verdict would not count.
WITH next AS (
    SELECT a.ordinal, e.id, e.revision, e.category, e.subcategory
      FROM audits_waiting a
      JOIN examples e ON e.dataset_id = a.dataset_id AND e.id = a.example_id AND e.status = 'approved'
     WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id
       AND NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM witness(e.dataset_id, e.id, e.revision, @reviewer_id, @again::boolean))
       AND NOT EXISTS (SELECT FROM decisions b
                        WHERE b.dataset_id = e.dataset_id AND b.example_id = e.id AND b.reviewer_id = @reviewer_id
                          AND b.verdict = 'approve' AND b.created_at < a.drawn_at)
     ORDER BY a.ordinal
     LIMIT cardinality(@look_ids::uuid[])
       FOR NO KEY UPDATE OF e SKIP LOCKED
), numbered AS (
    SELECT next.*, (@look_ids::uuid[])[row_number() OVER (ORDER BY next.ordinal)] AS look_id FROM next
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at, look_id)
    SELECT @dataset_id, numbered.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8), numbered.look_id FROM numbered
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = excluded.look_id
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
), asked AS (
    INSERT INTO looks (dataset_id, id, example_id, revision, kind, category, subcategory, expected, assignment_id)
    SELECT @dataset_id, numbered.look_id, numbered.id, numbered.revision, 'audit', numbered.category, numbered.subcategory, 'approve', @assignment_id
      FROM numbered JOIN taken ON taken.example_id = numbered.id
)
SELECT numbered.id AS example_id, taken.expires_at
  FROM numbered LEFT JOIN taken ON taken.example_id = numbered.id
 ORDER BY numbered.ordinal;

-- name: AuditsStillWaiting :many
-- Those of the examples that an audit still waits for.
SELECT a.example_id FROM audits_waiting a
 WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id AND a.example_id = ANY(@ids::uuid[])
 ORDER BY a.example_id
 LIMIT 1000;

-- name: WaitingInAssignment :one
-- The kind of the next example of an assignment that waits: where a hidden look
-- would not be out of place.
SELECT e.category, e.subcategory
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.status = 'pending'
   AND e.id IN (SELECT i.id FROM (SELECT x.id FROM examples x WHERE x.dataset_id = @dataset_id AND x.import_id = sqlc.narg('import_id')::uuid AND x.status = 'pending' ORDER BY x.id LIMIT 1) AS i
                UNION ALL
                SELECT l.id FROM (SELECT y.id FROM assignment_examples a JOIN examples y ON y.dataset_id = a.dataset_id AND y.id = a.example_id
                                   WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id AND y.status = 'pending'
                                   ORDER BY y.suspicion DESC, y.id LIMIT 1) AS l)
 ORDER BY e.id
 LIMIT 1;

-- name: ClaimAssignedLook :many
-- ClaimSecondLook for the examples of one import, or for those that an assignment
-- lists: nothing from elsewhere, which would stand out. Of an import it looks at the
-- first 5,000 open looks of a shelf.
WITH open AS (
    SELECT k.id, k.example_id, k.revision, k.expected
      FROM looks k
     WHERE sqlc.narg('import_id')::uuid IS NOT NULL AND k.dataset_id = @dataset_id AND k.closed_at IS NULL AND k.kind = 'second' AND k.not_for <> @reviewer_id
       AND k.category = @category AND k.subcategory = @subcategory
     ORDER BY k.id
     LIMIT 5000
), inside AS (
    SELECT open.* FROM open JOIN examples x ON x.dataset_id = @dataset_id AND x.id = open.example_id AND x.import_id = sqlc.narg('import_id')::uuid
    UNION ALL
    SELECT k.id, k.example_id, k.revision, k.expected
      FROM assignment_examples a
      JOIN looks k ON k.dataset_id = a.dataset_id AND k.example_id = a.example_id AND k.closed_at IS NULL AND k.kind = 'second' AND k.not_for <> @reviewer_id
     WHERE sqlc.narg('import_id')::uuid IS NULL AND a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id
), next AS (
    SELECT inside.id AS look_id, e.id
      FROM inside
      JOIN examples e ON e.dataset_id = @dataset_id AND e.id = inside.example_id AND e.revision = inside.revision
                     AND e.status = CASE inside.expected WHEN 'approve' THEN 'approved'::example_status ELSE 'rejected'::example_status END
     WHERE NOT EXISTS (SELECT FROM leases l
                        WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now())
       AND NOT EXISTS (SELECT FROM witness(e.dataset_id, e.id, e.revision, @reviewer_id, false))
     ORDER BY inside.id
     LIMIT 1
       FOR NO KEY UPDATE OF e SKIP LOCKED
), taken AS (
    INSERT INTO leases AS l (dataset_id, example_id, reviewer_id, taken_at, expires_at, look_id)
    SELECT @dataset_id, next.id, @reviewer_id, now(), now() + make_interval(secs => @seconds::float8), next.look_id FROM next
    ON CONFLICT (dataset_id, example_id) DO UPDATE
       SET reviewer_id = excluded.reviewer_id, taken_at = excluded.taken_at, expires_at = excluded.expires_at, look_id = excluded.look_id
     WHERE l.expires_at <= now()
    RETURNING l.example_id, l.expires_at
)
SELECT next.look_id, taken.example_id, taken.expires_at
  FROM next JOIN taken ON taken.example_id = next.id;

-- name: GoldLikeAssigned :many
-- Gold examples of one kind that would not be out of place in an assignment: of its
-- import, or, for a list, of it or of an import that it has examples of this
-- kind from. wide: of such an import, else only from the list itself.
SELECT g.example_id
  FROM golds g
  JOIN examples e ON e.dataset_id = g.dataset_id AND e.id = g.example_id
 WHERE g.dataset_id = @dataset_id AND g.retired_at IS NULL AND e.category = @category AND e.subcategory = @subcategory
   AND CASE WHEN sqlc.narg('import_id')::uuid IS NOT NULL THEN e.import_id = sqlc.narg('import_id')::uuid
            ELSE EXISTS (SELECT FROM assignment_examples a JOIN examples m ON m.dataset_id = a.dataset_id AND m.id = a.example_id
                          WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id
                            AND (a.example_id = g.example_id OR @wide::boolean AND m.import_id = e.import_id AND m.category = @category AND m.subcategory = @subcategory)) END
 ORDER BY g.example_id
 LIMIT 1000;

-- name: PlaceLook :exec
-- Notes in which assignment a look was handed out.
UPDATE looks SET assignment_id = @assignment_id WHERE dataset_id = @dataset_id AND id = @id;

-- name: LookOfLease :one
SELECT look_id FROM leases WHERE dataset_id = @dataset_id AND example_id = @example_id AND reviewer_id = @reviewer_id AND look_id IS NOT NULL;

-- name: OwnAssignedLeases :many
-- OwnLeases for one import or for the examples that an assignment lists, and the
-- looks that were handed out among them.
SELECT l.example_id, l.expires_at
  FROM leases l
  JOIN examples e ON e.dataset_id = l.dataset_id AND e.id = l.example_id
 WHERE l.dataset_id = @dataset_id AND l.reviewer_id = @reviewer_id AND l.expires_at > now()
   AND (e.status = 'pending' AND (e.import_id = sqlc.narg('import_id')::uuid
        OR EXISTS (SELECT FROM assignment_examples a
                    WHERE a.dataset_id = e.dataset_id AND a.assignment_id = @assignment_id AND a.example_id = e.id))
        OR EXISTS (SELECT FROM looks k WHERE k.dataset_id = l.dataset_id AND k.id = l.look_id AND k.assignment_id = @assignment_id))
 ORDER BY l.taken_at, l.example_id
 LIMIT @max_rows::int;

-- name: RemoveDemoLooks :exec
DELETE FROM looks x USING examples e
 WHERE x.dataset_id = @dataset_id AND e.dataset_id = x.dataset_id AND e.id = x.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoGolds :exec
DELETE FROM golds x USING examples e
 WHERE x.dataset_id = @dataset_id AND e.dataset_id = x.dataset_id AND e.id = x.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoEscalations :exec
DELETE FROM escalations x USING examples e
 WHERE x.dataset_id = @dataset_id AND e.dataset_id = x.dataset_id AND e.id = x.example_id AND e.source_id = ANY(@sources::uuid[]);
