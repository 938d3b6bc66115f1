-- Waivers ---------------------------------------------------------------------------

-- name: WaiveFindings :execrows
UPDATE findings SET waived = true
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND revision = @revision AND rule = @rule AND path = @path AND NOT waived;

-- name: UnwaiveFindings :exec
UPDATE findings SET waived = false
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND revision = @revision AND rule = @rule AND path = @path AND waived;

-- name: AppendWaiver :exec
INSERT INTO waivers (dataset_id, id, example_id, revision, rule, path, reason, author_id, author, withdraws)
VALUES (@dataset_id, @id, @example_id, @revision, @rule, @path, @reason, sqlc.narg('author_id'), @author, sqlc.narg('withdraws'));

-- name: WaiverByID :one
SELECT w.id, w.example_id, w.revision, w.rule, w.path, w.withdraws,
       EXISTS (SELECT FROM waivers x WHERE x.dataset_id = w.dataset_id AND x.withdraws = w.id) AS withdrawn
  FROM waivers w
 WHERE w.dataset_id = @dataset_id AND w.id = @id;

-- name: WaiversOf :many
-- The waivers of an example with what became of them, newest first.
SELECT w.id, w.revision, w.rule, w.path, w.reason, coalesce(u.name, w.author)::text AS author, w.created_at,
       coalesce(v.name, x.author, '')::text AS withdrawn_by, x.reason AS withdrawn_reason, x.created_at AS withdrawn_at
  FROM waivers w
  LEFT JOIN users u ON u.id = w.author_id
  LEFT JOIN waivers x ON x.dataset_id = w.dataset_id AND x.withdraws = w.id
  LEFT JOIN users v ON v.id = x.author_id
 WHERE w.dataset_id = @dataset_id AND w.example_id = @example_id AND w.withdraws IS NULL
 ORDER BY w.id DESC
 LIMIT 1000;

-- name: RecountFindings :exec
-- Sets an example's counts to what is found on its current revision.
UPDATE examples e
   SET errors = least(n.errors, 32767), warnings = least(n.warnings, 32767), duplicates = least(n.duplicates, 32767)
  FROM (SELECT x.id, count(f.*) FILTER (WHERE f.severity = 'error') AS errors, count(f.*) FILTER (WHERE f.severity = 'warning') AS warnings,
               count(f.*) FILTER (WHERE f.rule IN ('duplicate/near', 'duplicate/contradiction') AND f.severity <> 'info') AS duplicates
          FROM examples x
          LEFT JOIN findings f ON f.dataset_id = x.dataset_id AND f.example_id = x.id AND f.revision = x.revision AND NOT f.waived
         WHERE x.dataset_id = @dataset_id AND x.id = ANY(@ids::uuid[])
         GROUP BY x.id) AS n
 WHERE e.dataset_id = @dataset_id AND e.id = n.id
   AND (e.errors, e.warnings, e.duplicates) IS DISTINCT FROM (least(n.errors, 32767), least(n.warnings, 32767), least(n.duplicates, 32767));

-- name: SetDoubts :exec
-- How unsure the answers of these examples are, where they are still at the
-- revision that was looked at.
UPDATE examples e SET doubt = t.doubt
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision, unnest(@doubts::smallint[]) AS doubt) AS t
 WHERE e.dataset_id = @dataset_id AND e.id = t.id AND e.revision = t.revision AND e.doubt <> t.doubt;

-- name: RemoveDemoWaivers :exec
DELETE FROM waivers w USING examples e
 WHERE w.dataset_id = @dataset_id AND e.dataset_id = w.dataset_id AND e.id = w.example_id AND e.source_id = ANY(@sources::uuid[]);

-- Checking everything again ---------------------------------------------------------

-- name: LastRecheck :one
SELECT sqlc.embed(r),
       (r.state = 'running' AND (r.heartbeat_at IS NULL OR r.heartbeat_at < clock_timestamp() - interval '30 seconds'))::boolean AS stale
  FROM recheck_runs r
 WHERE r.dataset_id = @dataset_id
 ORDER BY r.id DESC
 LIMIT 1;

-- name: SupersedeRechecks :exec
UPDATE recheck_runs SET state = 'superseded', worker = NULL, heartbeat_at = NULL, finished_at = now()
 WHERE dataset_id = @dataset_id AND state IN ('queued', 'running');

-- name: InsertRecheck :exec
INSERT INTO recheck_runs (dataset_id, id, fingerprint, catalog_version, state, author)
VALUES (@dataset_id, @id, @fingerprint, @catalog_version, 'queued', @author);

-- name: TakeRecheck :one
-- Makes worker the only one that may move the run: one that is waiting, or one
-- whose worker has not been heard of for 30 seconds.
UPDATE recheck_runs r
   SET state = 'running', worker = @worker, heartbeat_at = clock_timestamp(), started_at = coalesce(started_at, now()),
       total = CASE WHEN started_at IS NULL
                    THEN (SELECT coalesce(sum(c.examples), 0) FROM counters c WHERE c.dataset_id = r.dataset_id) ELSE total END
 WHERE r.dataset_id = @dataset_id AND r.id = @id
   AND (r.state = 'queued'
        OR (r.state = 'running' AND (r.heartbeat_at IS NULL OR r.heartbeat_at < clock_timestamp() - interval '30 seconds')))
RETURNING r.fingerprint, r.position, r.created_at;

-- name: RecheckState :one
SELECT state FROM recheck_runs WHERE dataset_id = @dataset_id AND id = @id;

-- name: AdvanceRecheck :execrows
-- Moves the progress, if the run is still this worker's and stands where the
-- worker believes it does.
UPDATE recheck_runs
   SET position = @position, done = done + @looked, changed = changed + @changed, total = greatest(total, done + @looked),
       heartbeat_at = clock_timestamp()
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running' AND position = @expected;

-- name: FinishRecheck :execrows
UPDATE recheck_runs
   SET state = @state, error = @error, worker = NULL, heartbeat_at = NULL, finished_at = now(),
       total = CASE WHEN @state = 'done' THEN done ELSE total END
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running';

-- name: ReleaseRecheck :exec
UPDATE recheck_runs SET state = 'queued', worker = NULL, heartbeat_at = NULL
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running';

-- name: OlderImports :one
-- Whether an import is under way that may have begun with older checks.
SELECT EXISTS (SELECT FROM import_runs WHERE dataset_id = @dataset_id AND state = 'running' AND started_at < @before
                  AND heartbeat_at > clock_timestamp() - interval '30 seconds') AS running;

-- name: AnyExample :one
SELECT EXISTS (SELECT FROM examples WHERE dataset_id = @dataset_id) AS there;

-- name: RecheckBatch :many
SELECT e.id, e.category, e.subcategory, e.revision, e.tokens, e.doubt, r.messages, r.tools
  FROM examples e
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
 WHERE e.dataset_id = @dataset_id AND e.id > @after
 ORDER BY e.id
 LIMIT @max_rows::int;

-- name: RecheckFindings :many
-- What is found on the current revisions of a batch, but for what the search for
-- duplicates keeps.
SELECT f.example_id, f.revision, f.rule, f.severity, f.message, f.path, f.start_at, f.end_at
  FROM findings f
  JOIN examples e ON e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.revision = f.revision
 WHERE f.dataset_id = @dataset_id AND f.example_id = ANY(@ids::uuid[]) AND f.rule NOT LIKE 'duplicate/%'
 ORDER BY f.example_id, f.ordinal
 LIMIT 1000000;

-- name: LockForRecheck :many
SELECT id, revision FROM examples
 WHERE dataset_id = @dataset_id AND id = ANY(@ids::uuid[])
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: DropCheckedFindings :exec
DELETE FROM findings f USING examples e
 WHERE f.dataset_id = @dataset_id AND f.example_id = ANY(@ids::uuid[]) AND f.rule NOT LIKE 'duplicate/%'
   AND e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.revision = f.revision;

-- name: PutCheckedFindings :exec
-- Puts findings behind those that are left, waived where a waiver says so.
INSERT INTO findings (dataset_id, example_id, revision, ordinal, rule, severity, message, path, start_at, end_at, waived)
SELECT @dataset_id, n.example_id, n.revision,
       n.ordinal + coalesce((SELECT max(f.ordinal) + 1 FROM findings f
                              WHERE f.dataset_id = @dataset_id AND f.example_id = n.example_id AND f.revision = n.revision), 0),
       n.rule, n.severity::severity, n.message, n.path, n.start_at, n.end_at,
       EXISTS (SELECT FROM waivers w
                WHERE w.dataset_id = @dataset_id AND w.example_id = n.example_id AND w.revision = n.revision
                  AND w.rule = n.rule AND w.path = n.path AND w.withdraws IS NULL
                  AND NOT EXISTS (SELECT FROM waivers x WHERE x.dataset_id = w.dataset_id AND x.withdraws = w.id))
  FROM (SELECT unnest(@example_ids::uuid[]) AS example_id, unnest(@revisions::int[]) AS revision, unnest(@ordinals::int[]) AS ordinal,
               unnest(@rules::text[]) AS rule, unnest(@severities::text[]) AS severity, unnest(@messages::text[]) AS message,
               unnest(@paths::text[]) AS path, unnest(@starts::int[]) AS start_at, unnest(@ends::int[]) AS end_at) AS n;

-- Figures ---------------------------------------------------------------------------

-- name: FindingFigures :many
SELECT rule, severity, category, status, sum(findings)::bigint AS findings, sum(examples)::bigint AS examples
  FROM finding_counts
 WHERE dataset_id = @dataset_id
 GROUP BY rule, severity, category, status
HAVING sum(findings) <> 0 OR sum(examples) <> 0
 ORDER BY rule, severity, category, status
 LIMIT 100000;

-- name: TokenFigures :many
SELECT category, status, bucket, sum(examples)::bigint AS examples, sum(tokens)::bigint AS tokens
  FROM token_counts
 WHERE dataset_id = @dataset_id
 GROUP BY category, status, bucket
HAVING sum(examples) <> 0
 ORDER BY category, status, bucket
 LIMIT 100000;

-- name: WorstSources :many
-- The sources with the largest share of examples that have errors, then warnings;
-- the ten examples that are added keep a file with one row from being the worst.
SELECT c.source_id, s.name, s.demo, c.examples, c.with_errors, c.with_warnings
  FROM (SELECT dataset_id, source_id, sum(examples)::bigint AS examples, sum(with_errors)::bigint AS with_errors,
               sum(with_warnings)::bigint AS with_warnings
          FROM source_counts k
         WHERE k.dataset_id = @dataset_id
         GROUP BY dataset_id, source_id
        HAVING sum(with_errors) > 0 OR sum(with_warnings) > 0) AS c
  JOIN sources s ON s.dataset_id = c.dataset_id AND s.id = c.source_id
 ORDER BY c.with_errors::float8 / (c.examples + 10) DESC, c.with_warnings::float8 / (c.examples + 10) DESC, c.source_id
 LIMIT @max_rows::int;

-- name: FindingsOnDay :many
-- The figures of the earliest day since a moment, to compare today's with.
SELECT d.day::timestamptz AS day, d.rule, d.severity, d.findings, d.examples
  FROM finding_days d
 WHERE d.dataset_id = @dataset_id
   AND d.day = (SELECT min(x.day) FROM finding_days x WHERE x.dataset_id = @dataset_id AND x.day >= (@since::text)::date
                                                        AND x.day < (now() AT TIME ZONE 'UTC')::date)
 ORDER BY d.rule, d.severity
 LIMIT 10000;

-- name: QualityDeltas :one
-- How many rows the figures are in, to know whether folding them is worth it.
SELECT ((SELECT count(*) FROM finding_counts f WHERE f.dataset_id = @dataset_id) +
        (SELECT count(*) FROM token_counts t WHERE t.dataset_id = @dataset_id) +
        (SELECT count(*) FROM source_counts s WHERE s.dataset_id = @dataset_id))::bigint AS deltas;

-- name: FoldFindingCounts :execrows
WITH gone AS (DELETE FROM finding_counts k WHERE k.dataset_id = @dataset_id
              RETURNING k.dataset_id, rule, severity, category, subcategory, status, findings, examples)
INSERT INTO finding_counts (dataset_id, rule, severity, category, subcategory, status, findings, examples)
SELECT dataset_id, rule, severity, category, subcategory, status, sum(findings), sum(examples)
  FROM gone GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(findings) <> 0 OR sum(examples) <> 0;

-- name: FoldTokenCounts :execrows
WITH gone AS (DELETE FROM token_counts k WHERE k.dataset_id = @dataset_id
              RETURNING k.dataset_id, category, status, bucket, examples, tokens)
INSERT INTO token_counts (dataset_id, category, status, bucket, examples, tokens)
SELECT dataset_id, category, status, bucket, sum(examples), sum(tokens)
  FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(examples) <> 0 OR sum(tokens) <> 0;

-- name: FoldSourceCounts :execrows
WITH gone AS (DELETE FROM source_counts k WHERE k.dataset_id = @dataset_id
              RETURNING k.dataset_id, source_id, examples, with_errors, with_warnings)
INSERT INTO source_counts (dataset_id, source_id, examples, with_errors, with_warnings)
SELECT dataset_id, source_id, sum(examples), sum(with_errors), sum(with_warnings)
  FROM gone GROUP BY 1, 2 HAVING sum(examples) <> 0 OR sum(with_errors) <> 0 OR sum(with_warnings) <> 0;

-- name: RecordFindingDay :exec
-- Writes today's figures over those of earlier today.
WITH today AS (
    SELECT rule, severity, sum(findings)::bigint AS findings, sum(examples)::bigint AS examples
      FROM finding_counts WHERE dataset_id = @dataset_id GROUP BY rule, severity
), gone AS (
    DELETE FROM finding_days d
     WHERE d.dataset_id = @dataset_id AND d.day = (now() AT TIME ZONE 'UTC')::date
       AND NOT EXISTS (SELECT FROM today t WHERE t.rule = d.rule AND t.severity = d.severity AND t.findings <> 0)
)
INSERT INTO finding_days AS d (dataset_id, day, rule, severity, findings, examples)
SELECT @dataset_id, (now() AT TIME ZONE 'UTC')::date, rule, severity, findings, examples FROM today WHERE findings <> 0
ON CONFLICT (dataset_id, day, rule, severity) DO UPDATE SET findings = excluded.findings, examples = excluded.examples
 WHERE (d.findings, d.examples) IS DISTINCT FROM (excluded.findings, excluded.examples);

-- The report ------------------------------------------------------------------------

-- name: ImportFigures :many
-- What came of each import, newest first.
SELECT i.id, i.filename, i.state, i.rows, i.inserted, i.duplicates, i.rejected, i.created_at
  FROM import_runs i
 WHERE i.dataset_id = @dataset_id
 ORDER BY i.id DESC
 LIMIT @max_rows::int;

-- name: ImportTotals :one
SELECT count(*) AS imports, coalesce(sum(rows), 0)::bigint AS rows, coalesce(sum(inserted), 0)::bigint AS inserted,
       coalesce(sum(duplicates), 0)::bigint AS duplicates, coalesce(sum(rejected), 0)::bigint AS rejected
  FROM import_runs
 WHERE dataset_id = @dataset_id;

-- name: FindingsCurrent :one
-- Whether the last check of all examples is over and was made with these rules
-- and this catalog.
SELECT coalesce((SELECT r.state = 'done' AND r.fingerprint = @fingerprint
                   FROM recheck_runs r WHERE r.dataset_id = @dataset_id ORDER BY r.id DESC LIMIT 1), false)::boolean AS current;
