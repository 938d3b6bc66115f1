-- name: InsertAct :exec
INSERT INTO acts (dataset_id, id, kind, state, selection, author_id, author, total)
VALUES (@dataset_id, @id, @kind, 'draft', @selection, @author_id, @author, @total);

-- name: InsertActItems :execrows
-- Freezes the chosen examples at the revision and status that they have now.
INSERT INTO act_items (dataset_id, act_id, example_id, revision, status)
SELECT e.dataset_id, @act_id::uuid, e.id, e.revision, e.status
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.id = ANY(@ids::uuid[]);

-- name: SetActTotal :exec
UPDATE acts SET total = @total WHERE dataset_id = @dataset_id AND id = @id;

-- name: ActByID :one
SELECT sqlc.embed(acts),
       (worker IS NOT NULL AND heartbeat_at < now() - interval '30 seconds')::boolean AS stale
  FROM acts WHERE dataset_id = @dataset_id AND id = @id;

-- name: Acts :many
-- What was done, newest first. Drafts are their authors' own.
SELECT sqlc.embed(acts),
       (worker IS NOT NULL AND heartbeat_at < now() - interval '30 seconds')::boolean AS stale
  FROM acts
 WHERE dataset_id = @dataset_id AND id < @before AND state <> 'draft'
 ORDER BY id DESC
 LIMIT @max_rows::int;

-- name: SetActParameters :execrows
UPDATE acts SET parameters = @parameters, forecast = @forecast
 WHERE dataset_id = @dataset_id AND id = @id AND state = 'draft';

-- name: StartAct :execrows
UPDATE acts SET state = 'queued' WHERE dataset_id = @dataset_id AND id = @id AND state = 'draft';

-- name: UndoAct :execrows
UPDATE acts SET state = 'undoing', undone_by_id = @by_id, undone_by = @by_name, worker = NULL, error = ''
 WHERE dataset_id = @dataset_id AND id = @id AND (state = 'done' OR state = 'failed' AND worker IS NULL);

-- name: ResumeAct :execrows
UPDATE acts SET state = CASE WHEN undone_by_id IS NULL THEN 'queued' ELSE 'undoing' END, worker = NULL, error = ''
 WHERE dataset_id = @dataset_id AND id = @id AND state = 'failed';

-- name: TakeAct :one
-- Makes worker the one who runs the act; nothing where somebody living does.
UPDATE acts
   SET worker = @worker, heartbeat_at = now(), started_at = coalesce(started_at, now()),
       state = CASE WHEN state = 'undoing' THEN state ELSE 'running' END
 WHERE dataset_id = @dataset_id AND id = @id AND state IN ('queued', 'running', 'undoing')
   AND (worker IS NULL OR heartbeat_at < now() - interval '30 seconds')
RETURNING *;

-- name: BeatAct :execrows
-- Says that the worker lives, and how far it is.
UPDATE acts a
   SET heartbeat_at = now(), changed = n.changed, stayed = n.stayed, reversed = n.reversed, kept = n.kept
  FROM (SELECT (count(*) FILTER (WHERE i.outcome IN ('changed', 'reversed', 'kept')))::int AS changed,
               (count(*) FILTER (WHERE i.outcome = 'stayed'))::int AS stayed,
               (count(*) FILTER (WHERE i.outcome = 'reversed'))::int AS reversed,
               (count(*) FILTER (WHERE i.outcome = 'kept'))::int AS kept
          FROM act_items i WHERE i.dataset_id = @dataset_id AND i.act_id = @id) AS n
 WHERE a.dataset_id = @dataset_id AND a.id = @id AND a.worker = @worker;

-- name: FinishAct :execrows
UPDATE acts
   SET state = @state, worker = NULL, heartbeat_at = NULL, error = @error,
       finished_at = CASE WHEN state = 'undoing' THEN finished_at ELSE now() END,
       undone_at = CASE WHEN @state::text = 'undone' THEN now() ELSE undone_at END
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker;

-- name: ReleaseAct :exec
-- Gives the act back because its worker was told to stop.
UPDATE acts SET worker = NULL, heartbeat_at = NULL, state = CASE WHEN state = 'undoing' THEN state ELSE 'queued' END
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker;

-- name: OpenActs :many
-- Acts that wait for a worker, or whose worker was not heard of for 30 seconds.
SELECT id FROM acts
 WHERE dataset_id = @dataset_id AND state IN ('queued', 'running', 'undoing')
   AND (worker IS NULL OR heartbeat_at < now() - interval '30 seconds')
 ORDER BY id
 LIMIT 100;

-- name: SweepDraftItems :exec
DELETE FROM act_items i USING acts a
 WHERE a.dataset_id = @dataset_id AND a.state = 'draft' AND a.created_at < now() - interval '1 day'
   AND i.dataset_id = a.dataset_id AND i.act_id = a.id;

-- name: SweepDrafts :exec
DELETE FROM acts WHERE dataset_id = @dataset_id AND state = 'draft' AND created_at < now() - interval '1 day';

-- name: NextActItems :many
SELECT example_id, revision, status, undo
  FROM act_items
 WHERE dataset_id = @dataset_id AND act_id = @act_id AND outcome = @outcome AND example_id > @after
 ORDER BY example_id
 LIMIT @max_rows::int;

-- name: SpreadActItems :many
-- Some of an act's items, evenly spread over all of them.
SELECT example_id, revision, status, undo
  FROM (SELECT i.example_id, i.revision, i.status, i.undo, row_number() OVER (ORDER BY i.example_id) AS n
          FROM act_items i WHERE i.dataset_id = @dataset_id AND i.act_id = @act_id) AS numbered
 WHERE (n - 1) % @step::bigint = 0
 ORDER BY n
 LIMIT @max_rows::int;

-- name: LockActItem :one
-- Whoever settles an item holds its row: a second worker finds it settled.
SELECT outcome FROM act_items
 WHERE dataset_id = @dataset_id AND act_id = @act_id AND example_id = @example_id
   FOR UPDATE;

-- name: SettleActItem :exec
UPDATE act_items SET outcome = @outcome, reason = @reason, result = @result, undo = @undo
 WHERE dataset_id = @dataset_id AND act_id = @act_id AND example_id = @example_id;

-- name: SettleAllActItems :exec
UPDATE act_items SET outcome = @outcome, result = @result, undo = @undo
 WHERE dataset_id = @dataset_id AND act_id = @act_id AND outcome = @was;

-- name: ActItemIDs :many
SELECT example_id FROM act_items
 WHERE dataset_id = @dataset_id AND act_id = @act_id
 ORDER BY example_id
 LIMIT @max_rows::int;

-- name: ActTally :many
-- What became of the items, in the words of the act.
SELECT outcome, result, reason, count(*)::bigint AS examples
  FROM act_items
 WHERE dataset_id = @dataset_id AND act_id = @act_id
 GROUP BY outcome, result, reason
 ORDER BY count(*) DESC, outcome, result, reason
 LIMIT 100;

-- name: ActStanding :many
-- How the chosen examples stand now.
SELECT e.status, (e.errors > 0)::boolean AS with_errors, count(*)::bigint AS examples
  FROM act_items i JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id
 WHERE i.dataset_id = @dataset_id AND i.act_id = @act_id
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- name: ActItems :many
-- The items with an outcome, and what their examples are about.
SELECT i.example_id, i.outcome, i.reason, i.result, e.category, e.subcategory, e.status, s.name AS source, e.source_line
  FROM act_items i
  JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id
  JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
 WHERE i.dataset_id = @dataset_id AND i.act_id = @act_id AND i.outcome = @outcome AND i.example_id > @after
 ORDER BY i.example_id
 LIMIT @max_rows::int;

-- name: ActRules :many
-- The rules with open findings among the chosen examples, the most frequent first.
SELECT f.rule, count(DISTINCT f.example_id)::bigint AS examples
  FROM act_items i
  JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id
  JOIN findings f ON f.dataset_id = e.dataset_id AND f.example_id = e.id AND f.revision = e.revision
 WHERE i.dataset_id = @dataset_id AND i.act_id = @act_id AND NOT f.waived AND f.rule NOT LIKE 'duplicate/%'
 GROUP BY f.rule
 ORDER BY 2 DESC, 1
 LIMIT 200;

-- name: StandingForAct :one
-- An example as an act needs to see it, locked as every change to an example is:
-- who works on it, and whose verdicts are in force on its current revision.
SELECT e.category, e.subcategory, e.status, e.revision, e.errors, l.reviewer_id AS holder_id,
       EXISTS (SELECT FROM decisions d WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id
                  AND coalesce(d.new_revision, d.revision) = e.revision AND d.verdict = 'approve' AND d.reviewer_id = @reviewer_id::uuid
                  AND d.kind IN ('review', 'bulk')
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) AS approved_by_me,
       EXISTS (SELECT FROM decisions d WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id
                  AND coalesce(d.new_revision, d.revision) = e.revision AND d.verdict = 'approve' AND d.reviewer_id <> @reviewer_id::uuid
                  AND d.kind IN ('review', 'bulk', 'adjudication')
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) AS approved_by_others,
       EXISTS (SELECT FROM decisions d WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id
                  AND d.revision = e.revision AND d.verdict IN ('approve', 'reject', 'escalate')
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) AS decided
  FROM examples e
  LEFT JOIN leases l ON l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now()
 WHERE e.dataset_id = @dataset_id AND e.id = @id
   FOR NO KEY UPDATE OF e;

-- name: OpenFindingsOfRule :many
SELECT DISTINCT path FROM findings
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND revision = @revision AND rule = @rule AND NOT waived
 ORDER BY path
 LIMIT 1000;

-- name: PlaceExample :exec
-- Moves an example to another shelf.
UPDATE examples SET category = @category, subcategory = @subcategory WHERE dataset_id = @dataset_id AND id = @id;

-- name: AddTag :execrows
INSERT INTO example_tags (dataset_id, tag, example_id, author_id)
VALUES (@dataset_id, @tag, @example_id, @author_id)
ON CONFLICT DO NOTHING;

-- name: RemoveTag :execrows
DELETE FROM example_tags WHERE dataset_id = @dataset_id AND tag = @tag AND example_id = @example_id;

-- name: TagsOf :many
SELECT tag FROM example_tags WHERE dataset_id = @dataset_id AND example_id = @example_id ORDER BY tag LIMIT 200;

-- name: TagsInUse :many
-- The tags there are, by walking from one to the next in the index.
WITH RECURSIVE seen AS (
    (SELECT t.tag FROM example_tags t WHERE t.dataset_id = @dataset_id ORDER BY t.tag LIMIT 1)
    UNION ALL
    SELECT (SELECT t.tag FROM example_tags t WHERE t.dataset_id = @dataset_id AND t.tag > seen.tag ORDER BY t.tag LIMIT 1)
      FROM seen WHERE seen.tag IS NOT NULL
)
SELECT tag::text AS tag FROM seen WHERE tag IS NOT NULL ORDER BY tag LIMIT 500;

-- name: RemoveDemoTags :exec
DELETE FROM example_tags t USING examples e
 WHERE t.dataset_id = @dataset_id AND e.dataset_id = t.dataset_id AND e.id = t.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoActItems :exec
DELETE FROM act_items i USING examples e
 WHERE i.dataset_id = @dataset_id AND e.dataset_id = i.dataset_id AND e.id = i.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: CountedExamples :one
-- How many examples a filter by shelf and status means, from the counters.
SELECT coalesce(sum(examples), 0)::bigint AS examples
  FROM counters
 WHERE dataset_id = @dataset_id AND (@category::text = '' OR category = @category)
   AND (@subcategory::text = '' OR subcategory = @subcategory OR @subcategory = '-' AND subcategory = '') AND (@status::text = '' OR status::text = @status);

-- name: ActSituations :many
-- The chosen examples by everything that the rules of an act look at, each way in
-- which they stand with how many do and with one of them: what happens to that one
-- happens to all of these. The ways that most stand in come first.
SELECT (array_agg(x.example_id ORDER BY x.example_id))[1]::uuid AS example_id, (array_agg(x.revision ORDER BY x.example_id))[1]::int AS revision,
       (array_agg(x.status ORDER BY x.example_id))[1]::example_status AS status, count(*)::bigint AS examples
  FROM (SELECT i.example_id, i.revision, i.status,
               concat_ws('|', e.id IS NULL, i.revision = e.revision AND i.status = e.status, e.status, e.category, e.subcategory, e.errors > 0, e.revision = 1,
                   EXISTS (SELECT FROM leases l WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now() AND l.reviewer_id <> @author_id::uuid),
                   CASE WHEN @tag::text <> '' THEN EXISTS (SELECT FROM example_tags t WHERE t.dataset_id = e.dataset_id AND t.tag = @tag AND t.example_id = e.id) END,
                   CASE WHEN @rule::text <> '' THEN EXISTS (SELECT FROM findings f WHERE f.dataset_id = e.dataset_id AND f.example_id = e.id AND f.revision = e.revision
                                                               AND f.rule = @rule AND NOT f.waived) END,
                   CASE WHEN @verdicts::boolean THEN concat_ws('/',
                       (SELECT string_agg(concat_ws(' ', d.reviewer_id, d.verdict, d.kind, d.informed), ',' ORDER BY d.id) FROM decisions d
                         WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND coalesce(d.new_revision, d.revision) = e.revision
                           AND d.verdict IN ('approve', 'reject', 'escalate')
                           AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)),
                       (SELECT string_agg(DISTINCT concat_ws(' ', d.verdict, d.informed), ',') FROM decisions d
                         WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.reviewer_id = @author_id
                           AND coalesce(d.new_revision, d.revision) = e.revision AND d.verdict IN ('approve', 'reject')),
                       EXISTS (SELECT FROM sightings w WHERE w.dataset_id = e.dataset_id AND w.example_id = e.id AND w.revision = e.revision AND w.user_id = @author_id),
                       (SELECT string_agg(DISTINCT f.rule, ',') FROM findings f
                         WHERE f.dataset_id = e.dataset_id AND f.example_id = e.id AND f.revision = e.revision AND f.rule = ANY(@rules::text[]) AND NOT f.waived)) END) AS way
          FROM act_items i
          LEFT JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id
         WHERE i.dataset_id = @dataset_id AND i.act_id = @act_id) AS x
 GROUP BY x.way
 ORDER BY count(*) DESC, 1
 LIMIT @max_rows::int;

-- name: ActContents :many
-- What the chosen examples that a change of words would come to say, by example: those
-- that stand as they did when they were chosen, wait for no answer and are in nobody
-- else's hands.
SELECT i.example_id, i.status, r.messages
  FROM act_items i
  JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id AND e.revision = i.revision AND e.status = i.status
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
 WHERE i.dataset_id = @dataset_id AND i.act_id = @act_id AND i.example_id > @after AND e.status <> 'escalated'
   AND NOT EXISTS (SELECT FROM leases l WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.expires_at > now() AND l.reviewer_id <> @author_id::uuid)
 ORDER BY i.example_id
 LIMIT @max_rows::int;
