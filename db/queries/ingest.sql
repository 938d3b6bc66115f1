-- Storing a file ----------------------------------------------------------------

-- name: SourceBySHA256 :one
SELECT id, name, bytes, demo FROM sources WHERE dataset_id = @dataset_id AND sha256 = @sha256;

-- name: InsertSource :exec
INSERT INTO sources (dataset_id, id, name, sha256, bytes, media_type, licence, channel, demo, created_by)
VALUES (@dataset_id, @id, @name, @sha256, @bytes, @media_type, @licence, @channel, @demo, sqlc.narg('created_by'));

-- name: InsertSourceChunks :copyfrom
INSERT INTO source_chunks (dataset_id, source_id, ordinal, raw_offset, raw_bytes, data)
VALUES (@dataset_id, @source_id, @ordinal, @raw_offset, @raw_bytes, @data);

-- name: MeasureSourceChunks :one
SELECT count(*) AS chunks, coalesce(sum(raw_bytes), 0)::bigint AS bytes
  FROM source_chunks WHERE dataset_id = @dataset_id AND source_id = @source_id;

-- name: DeleteSourceChunks :exec
-- Only pieces that belong to no file: those of a file are never deleted here.
DELETE FROM source_chunks c WHERE c.dataset_id = @dataset_id AND c.source_id = @source_id
   AND NOT EXISTS (SELECT FROM sources s WHERE s.dataset_id = c.dataset_id AND s.id = c.source_id);

-- name: AbandonedSources :many
-- Pieces without a file, of which none has come for a day.
SELECT DISTINCT c.source_id
  FROM source_chunks c
 WHERE c.dataset_id = @dataset_id AND c.ordinal = 0 AND c.created_at < now() - interval '1 day'
   AND NOT EXISTS (SELECT FROM sources s WHERE s.dataset_id = c.dataset_id AND s.id = c.source_id)
   AND NOT EXISTS (SELECT FROM source_chunks n
                    WHERE n.dataset_id = c.dataset_id AND n.source_id = c.source_id
                      AND n.created_at >= now() - interval '1 day')
 ORDER BY c.source_id
 LIMIT @max_rows;

-- name: SourceChunks :many
SELECT ordinal, raw_offset, raw_bytes, data
  FROM source_chunks
 WHERE dataset_id = @dataset_id AND source_id = @source_id AND ordinal >= @first
 ORDER BY ordinal
 LIMIT @max_rows;

-- name: SourceChunkAt :one
-- The piece that holds an offset. Every piece but the last is equally long, but
-- this does not rely on it.
SELECT ordinal, raw_offset
  FROM source_chunks
 WHERE dataset_id = @dataset_id AND source_id = @source_id AND raw_offset <= @at
 ORDER BY ordinal DESC
 LIMIT 1;

-- name: SourceSize :one
SELECT bytes, sha256 FROM sources WHERE dataset_id = @dataset_id AND id = @id;

-- Runs ----------------------------------------------------------------------------

-- name: FirstRunOfSource :one
SELECT id FROM import_runs WHERE dataset_id = @dataset_id AND source_id = @source_id ORDER BY id LIMIT 1;

-- name: InsertImportRun :exec
INSERT INTO import_runs (dataset_id, id, source_id, filename, state, format, options, bytes_total, repeat_of, created_by)
VALUES (@dataset_id, @id, @source_id, @filename, 'queued', @format, @options, @bytes_total, sqlc.narg('repeat_of'), sqlc.narg('created_by'));

-- name: ImportRun :one
SELECT sqlc.embed(r), s.sha256, s.media_type, s.licence, s.channel, s.demo,
       (r.state = 'running' AND (r.heartbeat_at IS NULL OR r.heartbeat_at < clock_timestamp() - interval '30 seconds'))::boolean AS stale
  FROM import_runs r JOIN sources s ON s.dataset_id = r.dataset_id AND s.id = r.source_id
 WHERE r.dataset_id = @dataset_id AND r.id = @id;

-- name: ImportRuns :many
SELECT sqlc.embed(r), s.sha256, s.media_type, s.licence, s.channel, s.demo,
       (r.state = 'running' AND (r.heartbeat_at IS NULL OR r.heartbeat_at < clock_timestamp() - interval '30 seconds'))::boolean AS stale
  FROM import_runs r JOIN sources s ON s.dataset_id = r.dataset_id AND s.id = r.source_id
 WHERE r.dataset_id = @dataset_id AND r.id < @before
 ORDER BY r.id DESC
 LIMIT @max_rows;

-- name: InterruptedImports :many
-- Runs that nobody carries on: their worker died, or let go of them when it was
-- told to stop, or whoever was to start them did not.
SELECT id FROM import_runs
 WHERE dataset_id = @dataset_id
   AND ((state = 'running' AND (heartbeat_at IS NULL OR heartbeat_at < clock_timestamp() - interval '30 seconds'))
     OR (state = 'queued' AND (started_at IS NOT NULL OR created_at < now() - interval '10 minutes')))
 ORDER BY id
 LIMIT @max_rows;

-- name: TakeImportRun :one
-- Makes worker the only one that may move the run: one that is waiting, or one
-- whose worker has not been heard of for 30 seconds.
UPDATE import_runs
   SET state = 'running', worker = @worker, heartbeat_at = clock_timestamp(), started_at = coalesce(started_at, now()), finished_at = NULL, error = ''
 WHERE dataset_id = @dataset_id AND id = @id
   AND (state = 'queued'
        OR (state = 'running' AND (worker = @worker OR heartbeat_at IS NULL OR heartbeat_at < clock_timestamp() - interval '30 seconds')))
RETURNING source_id, filename, format, options, rows, inserted, duplicates, rejected, errors, warnings,
          bytes_total, resume_offset, resume_line, cancel_asked;

-- name: BeatImportRun :one
UPDATE import_runs SET heartbeat_at = clock_timestamp()
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running'
RETURNING cancel_asked;

-- name: AdvanceImportRun :one
-- Moves the progress, if the run is still this worker's and stands where the
-- worker believes it does.
UPDATE import_runs
   SET rows = rows + @rows, inserted = inserted + @inserted, duplicates = duplicates + @duplicates, rejected = rejected + @rejected,
       errors = errors + @errors, warnings = warnings + @warnings,
       bytes_read = least(greatest(bytes_read, @bytes_read::bigint), bytes_total),
       resume_offset = @resume_offset, resume_line = @resume_line, heartbeat_at = clock_timestamp()
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running'
   AND resume_offset = @expected_offset
RETURNING cancel_asked;

-- name: FinishImportRun :one
UPDATE import_runs
   SET state = 'done', worker = NULL, heartbeat_at = NULL, finished_at = now(), bytes_read = bytes_total, error = ''
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running'
RETURNING rows, inserted, duplicates, rejected, errors, warnings;

-- name: StopImportRun :one
-- Ends a run without finishing it: failed or cancelled.
UPDATE import_runs
   SET state = @state, worker = NULL, heartbeat_at = NULL, finished_at = now(), error = @error
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running'
RETURNING rows, inserted, duplicates, rejected, errors, warnings;

-- name: ReleaseImportRun :exec
-- Puts a run back into the queue because its worker was told to stop.
UPDATE import_runs SET state = 'queued', worker = NULL, heartbeat_at = NULL
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'running';

-- name: LockImportRun :one
SELECT state, cancel_asked,
       (state = 'running' AND (heartbeat_at IS NULL OR heartbeat_at < clock_timestamp() - interval '30 seconds'))::boolean AS stale,
       rows, inserted, duplicates, rejected
  FROM import_runs WHERE dataset_id = @dataset_id AND id = @id FOR UPDATE;

-- name: AskImportCancel :exec
UPDATE import_runs SET cancel_asked = true WHERE dataset_id = @dataset_id AND id = @id;

-- name: CancelWaitingImport :exec
UPDATE import_runs
   SET state = 'cancelled', cancel_asked = true, worker = NULL, heartbeat_at = NULL, finished_at = now()
 WHERE dataset_id = @dataset_id AND id = @id;

-- name: RequeueImportRun :exec
UPDATE import_runs
   SET state = 'queued', cancel_asked = false, worker = NULL, heartbeat_at = NULL, finished_at = NULL, error = ''
 WHERE dataset_id = @dataset_id AND id = @id;

-- Merging a batch -------------------------------------------------------------------

-- name: LockImports :one
-- The import lock: batches of one dataset go in one after the other, so two
-- files at once never meet on a hash. The setting lasts for the transaction and
-- keeps the look-up of hashes on its index while the table's statistics are young.
SELECT set_config('enable_seqscan', 'off', true) FROM datasets WHERE id = @id FOR NO KEY UPDATE;

-- name: OwnsImportRun :one
-- Under the import lock the answer yes holds for the rows of the run, which
-- nobody else can add to before the lock is given back.
SELECT coalesce(state = 'running' AND worker = @worker, false)::boolean AS owned
  FROM import_runs WHERE dataset_id = @dataset_id AND id = @id;

-- name: KnownHashes :many
SELECT hash, id FROM examples WHERE dataset_id = @dataset_id AND hash = ANY(@hashes::bytea[]) ORDER BY hash;

-- name: LastExampleOfImport :one
SELECT id FROM examples WHERE dataset_id = @dataset_id AND import_id = @import_id ORDER BY id DESC LIMIT 1;

-- Looking back ------------------------------------------------------------------------

-- name: ImportRejects :many
SELECT line, "offset", reason, raw, raw_bytes
  FROM import_rejects
 WHERE dataset_id = @dataset_id AND import_id = @import_id AND "offset" > @after
 ORDER BY "offset"
 LIMIT @max_rows;

-- name: ImportDuplicates :many
-- With the examples they equal and where those came from. Demo examples that
-- were removed meanwhile leave nothing but their id.
SELECT d.line, d."offset", d.example_id, e.import_id,
       coalesce(e.source_line, 0)::bigint AS example_line, coalesce(e.category, '')::text AS category,
       coalesce(e.subcategory, '')::text AS subcategory, coalesce(e.status::text, '')::text AS status,
       coalesce(i.filename, '')::text AS filename
  FROM (SELECT x.dataset_id, x.line, x."offset", x.example_id
          FROM import_duplicates x
         WHERE x.dataset_id = @dataset_id AND x.import_id = @import_id AND x."offset" > @after
         ORDER BY x."offset"
         LIMIT @max_rows) AS d
  LEFT JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
  LEFT JOIN import_runs i ON i.dataset_id = e.dataset_id AND i.id = e.import_id
 ORDER BY d."offset";

-- name: ImportCategories :many
-- Where the first examples of an import are now.
SELECT first.category, count(*) AS examples
  FROM (SELECT e.category FROM examples e
         WHERE e.dataset_id = @dataset_id AND e.import_id = @import_id
         ORDER BY e.id LIMIT @max_examples) AS first
 GROUP BY first.category
 ORDER BY examples DESC, first.category
 LIMIT 200;

-- name: ImportFindings :many
-- What the import found, by rule, over its first examples.
SELECT f.rule, f.severity, count(*) AS findings, count(DISTINCT f.example_id) AS examples
  FROM (SELECT e.id FROM examples e
         WHERE e.dataset_id = @dataset_id AND e.import_id = @import_id
         ORDER BY e.id LIMIT @max_examples) AS first
  JOIN findings f ON f.dataset_id = @dataset_id AND f.example_id = first.id AND f.revision = 1
 GROUP BY f.rule, f.severity
 ORDER BY f.severity DESC, findings DESC, f.rule
 LIMIT 500;

-- name: ExampleOrigin :one
SELECT e.source_id, e.source_offset, e.source_bytes
  FROM examples e WHERE e.dataset_id = @dataset_id AND e.id = @id;
