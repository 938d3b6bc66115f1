-- name: BatchOfImport :many
-- The next examples of an import, by id.
SELECT id, revision, status
  FROM examples
 WHERE dataset_id = @dataset_id AND import_id = @import_id AND id > @after AND id <= @last
 ORDER BY id
 LIMIT @max_rows::int;

-- name: BatchOfCategory :many
-- The next examples of a category, or of one kind in it, by id.
SELECT id, revision, status
  FROM examples
 WHERE dataset_id = @dataset_id AND category = @category AND (@subcategory::text = '' OR subcategory = @subcategory)
   AND id > @after AND id <= @last
 ORDER BY id
 LIMIT @max_rows::int;

-- name: BatchOfMetadata :many
-- The next examples whose row, as imported, said something beside the conversation
-- that has a piece of text in it.
SELECT e.id, e.revision, e.status, r.metadata
  FROM examples e
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = 1
 WHERE e.dataset_id = @dataset_id AND e.id > @after AND e.id <= @last AND strpos(r.metadata, @piece::text) > 0
 ORDER BY e.id
 LIMIT @max_rows::int;

-- name: ImportsOfSource :many
SELECT id, filename, inserted FROM import_runs
 WHERE dataset_id = @dataset_id AND source_id = @source_id AND inserted > 0
 ORDER BY id
 LIMIT 1000;

-- name: BatchImports :many
-- Imports that brought something, newest first.
SELECT i.id, i.source_id, i.filename, i.inserted, i.created_at
  FROM import_runs i
 WHERE i.dataset_id = @dataset_id AND i.inserted > 0
 ORDER BY i.id DESC
 LIMIT @max_rows::int;

-- name: BatchImport :one
SELECT filename, inserted FROM import_runs WHERE dataset_id = @dataset_id AND id = @id;

-- name: BatchSource :one
SELECT name FROM sources WHERE dataset_id = @dataset_id AND id = @id;

-- name: StandingOfImport :one
SELECT count(*)::bigint AS examples FROM examples WHERE dataset_id = @dataset_id AND import_id = @import_id AND status = @status::example_status;

-- name: ShelfSizes :many
-- From the counters: how many examples wait, and how many there are.
SELECT coalesce(sum(examples) FILTER (WHERE status = 'pending'), 0)::bigint AS pending,
       coalesce(sum(examples) FILTER (WHERE status = 'approved'), 0)::bigint AS approved, coalesce(sum(examples), 0)::bigint AS total
  FROM counters
 WHERE dataset_id = @dataset_id AND category = @category AND (@subcategory::text = '' OR subcategory = @subcategory)
 ORDER BY 1
 LIMIT 1;

-- name: InsertSample :exec
INSERT INTO samples (dataset_id, id, name, batch, key, scope, frame_size, frame_hash, frame_last, frame, seed, plan, n, accept, edits, drawn, author_id, author, series)
VALUES (@dataset_id, @id, @name, @batch, @key, @scope, @frame_size, @frame_hash, @frame_last, @frame, @seed, @plan, @n, @accept, @edits, @drawn, @author_id, @author, @series);

-- name: InsertSampleItems :copyfrom
INSERT INTO sample_items (dataset_id, sample_id, ordinal, example_id, revision) VALUES (@dataset_id, @sample_id, @ordinal, @example_id, @revision);

-- name: InsertSampleAssignment :exec
INSERT INTO sample_assignments (dataset_id, sample_id, assignment_id, first, last) VALUES (@dataset_id, @sample_id, @assignment_id, @first, @last);

-- name: SampleAssignments :many
SELECT s.assignment_id, s.first, s.last, a.everybody, a.ended_at
  FROM sample_assignments s
  JOIN assignments a ON a.dataset_id = s.dataset_id AND a.id = s.assignment_id
 WHERE s.dataset_id = @dataset_id AND s.sample_id = @sample_id
 ORDER BY s.first
 LIMIT 1000;

-- name: SampleByID :one
SELECT s.* FROM samples s WHERE s.dataset_id = @dataset_id AND s.id = @id;

-- name: LockSample :one
SELECT s.* FROM samples s WHERE s.dataset_id = @dataset_id AND s.id = @id FOR UPDATE;

-- name: SeriesResults :many
-- How the batches of a series came out, in the order in which they were drawn.
SELECT state FROM samples
 WHERE dataset_id = @dataset_id AND series = @series AND series <> '' AND state IN ('accepted', 'rejected')
 ORDER BY id
 LIMIT 10000;

-- name: OpenOfSeries :one
-- Whether a batch of a series is judged now.
SELECT EXISTS (SELECT FROM samples WHERE dataset_id = @dataset_id AND series = @series AND series <> '' AND state = 'open') AS open;

-- name: SeriesNames :many
-- The names of series, the one used last first.
SELECT s.series FROM samples s
 WHERE s.dataset_id = @dataset_id AND s.series <> ''
 GROUP BY s.series
 ORDER BY max(s.id::text) DESC, s.series
 LIMIT 50;

-- name: ListSamples :many
-- Newest first, strictly before the id.
SELECT s.id, s.name, s.batch, s.key, s.scope, s.frame_size, s.plan, s.n, s.accept, s.edits, s.drawn, s.state, s.reviewed, s.defects, s.author, s.created_at, s.closed_at
  FROM samples s
 WHERE s.dataset_id = @dataset_id AND s.id < @before
 ORDER BY s.id DESC
 LIMIT @max_rows::int;

-- name: OpenSamples :many
SELECT id FROM samples WHERE dataset_id = @dataset_id AND state = 'open' ORDER BY id LIMIT 1000;

-- name: SampleItems :many
-- The items up to an ordinal, with where their examples stand. judged: a person
-- decided what the status says, one by one and not in bulk; in an audit of what was
-- approved, since it was drawn, and somebody who had not approved it before. changed: the content is
-- not the one that was drawn.
SELECT i.ordinal, i.example_id, i.revision, coalesce(i.outcome, '')::text AS outcome, e.category, e.subcategory, e.status, e.revision AS revision_now,
       (was.hash IS DISTINCT FROM now.hash)::boolean AS changed,
       EXISTS (SELECT FROM decisions d
                WHERE d.dataset_id = i.dataset_id AND d.example_id = i.example_id AND d.kind <> 'bulk' AND d.carries IS NULL
                  AND (sample.scope <> 'approved' OR d.created_at >= sample.created_at
                       AND NOT EXISTS (SELECT FROM decisions b WHERE b.dataset_id = d.dataset_id AND b.example_id = d.example_id AND b.reviewer_id = d.reviewer_id
                                          AND b.verdict = 'approve' AND b.created_at < sample.created_at))
                  AND d.verdict = CASE e.status WHEN 'approved' THEN 'approve' WHEN 'rejected' THEN 'reject' END
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id))::boolean AS judged
  FROM sample_items i
  JOIN samples sample ON sample.dataset_id = i.dataset_id AND sample.id = i.sample_id
  JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id
  LEFT JOIN revisions was ON was.dataset_id = i.dataset_id AND was.example_id = i.example_id AND was.revision = i.revision
  LEFT JOIN revisions now ON now.dataset_id = i.dataset_id AND now.example_id = i.example_id AND now.revision = e.revision
 WHERE i.dataset_id = @dataset_id AND i.sample_id = @sample_id AND i.ordinal > @after AND i.ordinal <= @upto
 ORDER BY i.ordinal
 LIMIT @max_rows::int;

-- name: SetOutcomes :exec
UPDATE sample_items i SET outcome = o.outcome
  FROM (SELECT unnest(@ordinals::int[]) AS ordinal, unnest(@outcomes::text[]) AS outcome) AS o
 WHERE i.dataset_id = @dataset_id AND i.sample_id = @sample_id AND i.ordinal = o.ordinal;

-- name: CloseSample :exec
UPDATE samples SET state = @state, reviewed = @reviewed, defects = @defects, closed_by = @closed_by, closed_at = now(), note = @note
 WHERE dataset_id = @dataset_id AND id = @id;

-- name: SetDrawn :exec
UPDATE samples SET drawn = @drawn WHERE dataset_id = @dataset_id AND id = @id;

-- name: CloseAuditLooks :exec
-- Ends the looks that an audit handed out and nobody answered.
UPDATE looks k SET closed_at = now()
 WHERE k.dataset_id = @dataset_id AND k.assignment_id = @assignment_id AND k.kind = 'audit' AND k.closed_at IS NULL
   AND k.example_id IN (SELECT a.example_id FROM assignment_examples a WHERE a.dataset_id = @dataset_id AND a.assignment_id = @assignment_id);

-- name: SetReturned :exec
UPDATE samples SET returned = @act WHERE dataset_id = @dataset_id AND id = @id;

-- name: RemoveDemoSamples :exec
-- Samples of which a demo example is a part go as a whole, and their work ends.
WITH gone AS (
    SELECT DISTINCT x.sample_id
      FROM sample_items x JOIN examples e ON e.dataset_id = x.dataset_id AND e.id = x.example_id
     WHERE x.dataset_id = @dataset_id AND e.source_id = ANY(@sources::uuid[])
), items AS (
    DELETE FROM sample_items i USING gone WHERE i.dataset_id = @dataset_id AND i.sample_id = gone.sample_id
), work AS (
    DELETE FROM sample_assignments a USING gone WHERE a.dataset_id = @dataset_id AND a.sample_id = gone.sample_id RETURNING a.assignment_id
), ended AS (
    UPDATE assignments a SET ended_at = now(), ended_by = 'Spotter' FROM work
     WHERE a.dataset_id = @dataset_id AND a.id = work.assignment_id AND a.ended_at IS NULL
)
DELETE FROM samples s USING gone WHERE s.dataset_id = @dataset_id AND s.id = gone.sample_id;
