-- name: InsertRelease :exec
INSERT INTO releases (dataset_id, id, name, notes, supersedes, spec, state, override_reason, override_by, override_author, created_by, author)
VALUES (@dataset_id, @id, @name, @notes, sqlc.narg('supersedes'), @spec, 'draft', @override_reason, sqlc.narg('override_by'), @override_author, sqlc.narg('created_by'), @author);

-- name: Release :one
SELECT sqlc.embed(releases), coalesce(heartbeat_at < now() - interval '30 seconds', false)::boolean AS stale FROM releases WHERE dataset_id = @dataset_id AND id = @id;

-- name: ReleaseByName :one
SELECT id FROM releases WHERE dataset_id = @dataset_id AND name = @name AND state <> 'discarded';

-- name: Releases :many
SELECT sqlc.embed(releases), coalesce(heartbeat_at < now() - interval '30 seconds', false)::boolean AS stale FROM releases
 WHERE dataset_id = @dataset_id AND id < @before AND state <> 'discarded'
 ORDER BY id DESC LIMIT @max_rows;

-- name: OpenReleases :many
-- Those that some worker should take up: nobody is at them, or nothing was heard of who was.
SELECT id FROM releases
 WHERE dataset_id = @dataset_id AND state IN ('draft', 'frozen') AND (heartbeat_at IS NULL OR heartbeat_at < now() - interval '30 seconds')
 ORDER BY id LIMIT 100;

-- name: TakeRelease :execrows
-- Makes the caller the one worker of a release that nobody is at.
UPDATE releases SET worker = @worker, heartbeat_at = clock_timestamp(), error = '',
       state = CASE WHEN state = 'failed' THEN (CASE WHEN frozen_at IS NULL THEN 'draft' ELSE 'frozen' END) ELSE state END
 WHERE dataset_id = @dataset_id AND id = @id AND state IN ('draft', 'frozen', 'failed')
   AND (worker IS NULL OR heartbeat_at IS NULL OR heartbeat_at < clock_timestamp() - interval '30 seconds');

-- name: MoveRelease :execrows
-- Notes the worker's progress; no row where it is not the worker any more.
UPDATE releases SET heartbeat_at = clock_timestamp(), step = @step, done = @done, total = @total
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker;

-- name: HoldRelease :execrows
UPDATE releases SET state = 'held', worker = NULL, heartbeat_at = NULL, step = '', preflight = @preflight, items = @items, tokens = @tokens, shape = @shape
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'draft';

-- name: FreezeRelease :execrows
UPDATE releases SET state = 'frozen', heartbeat_at = clock_timestamp(), preflight = @preflight, items = @items, tokens = @tokens, shape = @shape, licences = @licences,
       catalog_version = @catalog_version, rules_version = @rules_version, demo = @demo, frozen_at = clock_timestamp()
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'draft';

-- name: FinishRelease :execrows
UPDATE releases SET state = 'built', worker = NULL, heartbeat_at = NULL, step = '', built_at = clock_timestamp()
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker AND state = 'frozen';

-- name: FailRelease :exec
UPDATE releases SET state = @state, worker = NULL, heartbeat_at = NULL, error = @error
 WHERE dataset_id = @dataset_id AND id = @id AND worker = @worker;

-- name: OverrideRelease :execrows
-- A lead's word that red lines do not hold it.
UPDATE releases SET state = 'draft', override_reason = @reason, override_by = sqlc.narg('author_id'), override_author = @author
 WHERE dataset_id = @dataset_id AND id = @id AND state = 'held';

-- name: RetryRelease :execrows
-- Has what holds or failed it looked at again.
UPDATE releases SET state = CASE WHEN frozen_at IS NULL THEN 'draft' ELSE 'frozen' END, error = ''
 WHERE dataset_id = @dataset_id AND id = @id AND state IN ('held', 'failed');

-- name: DiscardRelease :execrows
UPDATE releases SET state = 'discarded' WHERE dataset_id = @dataset_id AND id = @id AND frozen_at IS NULL AND state IN ('held', 'failed');

-- name: WithdrawRelease :execrows
UPDATE releases SET withdrawn_at = clock_timestamp(), withdrawn_by = @author, withdrawn_reason = @reason
 WHERE dataset_id = @dataset_id AND id = @id AND state = 'built' AND withdrawn_at IS NULL;

-- name: SupersededBy :many
SELECT id, name FROM releases WHERE dataset_id = @dataset_id AND supersedes = @id::uuid AND state <> 'discarded' ORDER BY id LIMIT 100;

-- Choosing ------------------------------------------------------------------------

-- name: ReleaseCandidates :many
-- Approved examples of one shelf, by key; where tags are named, those that have one of them.
SELECT e.id, e.revision, e.tokens, e.source_id, e.hash
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.category = @category AND e.subcategory = @subcategory AND e.status = 'approved' AND e.id > @after
   AND (coalesce(cardinality(@tags::text[]), 0) = 0
        OR EXISTS (SELECT FROM example_tags t WHERE t.dataset_id = e.dataset_id AND t.example_id = e.id AND t.tag = ANY(@tags::text[])))
 ORDER BY e.id LIMIT @max_rows;

-- name: ReleaseSizeOfSources :many
-- How much is approved that came with the given sources, by shelf.
SELECT e.category, e.subcategory, count(*) AS examples, sum(e.tokens)::bigint AS tokens
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.status = 'approved' AND e.source_id = ANY(@sources::uuid[])
 GROUP BY e.category, e.subcategory ORDER BY e.category, e.subcategory LIMIT 20000;

-- name: ReleaseSizeOfTags :many
-- How much is approved that has one of the tags, by shelf; of the given sources
-- where some are named.
SELECT e.category, e.subcategory, count(*) AS examples, sum(e.tokens)::bigint AS tokens
  FROM (SELECT DISTINCT t.example_id FROM example_tags t WHERE t.dataset_id = @dataset_id AND t.tag = ANY(@tags::text[])) AS t
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = t.example_id
 WHERE e.status = 'approved' AND (NOT @by_source::boolean OR e.source_id = ANY(@sources::uuid[]))
 GROUP BY e.category, e.subcategory ORDER BY e.category, e.subcategory LIMIT 20000;

-- name: ReleaseSample :many
-- Approved examples that the filters let through, from a place in the order of
-- their hashes on: a hash has nothing to do with what it is of, so these are a
-- random sample of them.
SELECT e.id, e.revision, e.tokens, e.source_id, e.category, e.subcategory, e.hash
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.hash >= @after AND e.status = 'approved'
   AND (coalesce(cardinality(@categories::text[]), 0) = 0 OR e.category = ANY(@categories::text[]))
   AND (coalesce(cardinality(@subcategories::text[]), 0) = 0 OR e.subcategory = ANY(@subcategories::text[]))
   AND (NOT @by_source::boolean OR e.source_id = ANY(@sources::uuid[]))
   AND (coalesce(cardinality(@tags::text[]), 0) = 0
        OR EXISTS (SELECT FROM example_tags t WHERE t.dataset_id = e.dataset_id AND t.example_id = e.id AND t.tag = ANY(@tags::text[])))
 ORDER BY e.hash LIMIT @max_rows;

-- name: ReleaseTexts :many
SELECT r.example_id, r.messages, r.tools, r.metadata, r.strict, e.external_id
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS t
  JOIN revisions r ON r.dataset_id = @dataset_id AND r.example_id = t.id AND r.revision = t.revision
  JOIN examples e ON e.dataset_id = r.dataset_id AND e.id = r.example_id
 ORDER BY r.example_id;

-- name: ReleaseStands :many
-- Where examples came from, line by line, and the hash of what is released of them.
SELECT r.example_id, e.source_line, r.hash
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS t
  JOIN revisions r ON r.dataset_id = @dataset_id AND r.example_id = t.id AND r.revision = t.revision
  JOIN examples e ON e.dataset_id = r.dataset_id AND e.id = r.example_id
 ORDER BY r.example_id;

-- name: ReleaseDecisions :many
-- What people decided, with whether it was undone later.
SELECT d.example_id, d.id, d.reviewer_id, d.revision, coalesce(d.new_revision, 0)::int AS new_revision, d.verdict, d.kind, d.reason, d.override_reason, d.checklist, d.created_at, d.informed,
       EXISTS (SELECT FROM decisions x WHERE x.dataset_id = d.dataset_id AND x.undoes = d.id) AS undone,
       coalesce(u.name, '')::text AS reviewer, coalesce(u.skills, '{}')::text[] AS skills
  FROM unnest(@ids::uuid[]) AS t(id)
  JOIN decisions d ON d.dataset_id = @dataset_id AND d.example_id = t.id
  LEFT JOIN users u ON u.id = d.reviewer_id
 ORDER BY d.example_id, d.id;

-- name: ReleaseFindings :many
SELECT f.example_id, f.rule, f.severity, f.message, f.path, f.waived
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS t
  JOIN findings f ON f.dataset_id = @dataset_id AND f.example_id = t.id AND f.revision = t.revision
 ORDER BY f.example_id, f.ordinal;

-- name: ReleaseWaivers :many
SELECT w.example_id, w.rule, w.path, w.reason, w.author, w.created_at
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS t
  JOIN waivers w ON w.dataset_id = @dataset_id AND w.example_id = t.id AND w.revision = t.revision
 WHERE w.withdraws IS NULL AND NOT EXISTS (SELECT FROM waivers x WHERE x.dataset_id = w.dataset_id AND x.withdraws = w.id)
 ORDER BY w.example_id, w.id;

-- name: ReleaseSamples :many
-- The verdicts on batches by random samples, the newest first.
SELECT s.batch, s.key, s.name, s.state, s.reviewed, s.defects, r.source_id
  FROM samples s LEFT JOIN import_runs r ON s.batch = 'import' AND r.dataset_id = s.dataset_id AND r.id::text = s.key
 WHERE s.dataset_id = @dataset_id AND s.state IN ('accepted', 'rejected')
 ORDER BY s.closed_at DESC, s.id DESC LIMIT 1000;

-- name: ReleaseSources :many
SELECT s.id, s.name, s.sha256, s.licence, s.channel, s.demo, s.created_at, coalesce(u.name, '')::text AS importer
  FROM sources s LEFT JOIN users u ON u.id = s.created_by
 WHERE s.dataset_id = @dataset_id AND s.id > @after ORDER BY s.id LIMIT @max_rows;

-- name: ReleaseGroupMembers :many
-- Members of groups of copies and contradictions, by key.
SELECT m.example_id, m.group_id FROM duplicate_members m
 WHERE m.dataset_id = @dataset_id AND m.class = @class AND m.example_id > @after
 ORDER BY m.example_id LIMIT @max_rows;

-- name: ReleasePairs :many
-- Verified pairs of one kind, by key.
SELECT p.a, p.b, p.similarity FROM duplicate_pairs p
 WHERE p.dataset_id = @dataset_id AND p.kind = @kind AND (p.a, p.b) > (@after_a::uuid, @after_b::uuid)
 ORDER BY p.a, p.b LIMIT @max_rows;

-- Items and files -----------------------------------------------------------------

-- name: ReleaseItems :many
SELECT position, example_id, revision, split FROM release_items
 WHERE dataset_id = @dataset_id AND release_id = @release_id AND position > @after
 ORDER BY position LIMIT @max_rows;

-- name: ReleasesOfExample :many
SELECT r.id, r.name, r.state, r.withdrawn_at, i.revision, i.split, i.position
  FROM release_items i JOIN releases r ON r.dataset_id = i.dataset_id AND r.id = i.release_id
 WHERE i.dataset_id = @dataset_id AND i.example_id = @example_id
 ORDER BY r.id DESC LIMIT 100;

-- name: InsertReleaseFile :exec
INSERT INTO release_files (dataset_id, release_id, name, bytes, sha256, rows, kept) VALUES (@dataset_id, @release_id, @name, @bytes, @sha256, @rows, @kept);

-- name: InsertReleaseKept :exec
INSERT INTO release_kept (dataset_id, release_id, name, ordinal, data) VALUES (@dataset_id, @release_id, @name, @ordinal, @data);

-- name: ReleaseFiles :many
SELECT name, bytes, sha256, rows, kept FROM release_files WHERE dataset_id = @dataset_id AND release_id = @release_id ORDER BY name LIMIT 1000;

-- name: ReleaseKept :many
SELECT ordinal, data FROM release_kept
 WHERE dataset_id = @dataset_id AND release_id = @release_id AND name = @name AND ordinal > @after
 ORDER BY ordinal LIMIT 16;

-- Comparing -----------------------------------------------------------------------

-- name: ReleaseDifference :many
-- Rows that are in one of two releases only, or in both with another revision or
-- split, by example.
SELECT coalesce(n.example_id, o.example_id)::uuid AS example_id,
       coalesce(o.revision, 0)::int AS old_revision, coalesce(n.revision, 0)::int AS new_revision,
       coalesce(o.split, '')::text AS old_split, coalesce(n.split, '')::text AS new_split
  FROM (SELECT a.example_id, a.revision, a.split FROM release_items a WHERE a.dataset_id = @dataset_id AND a.release_id = @old_id AND a.example_id > @after) AS o
  FULL JOIN (SELECT b.example_id, b.revision, b.split FROM release_items b WHERE b.dataset_id = @dataset_id AND b.release_id = @new_id AND b.example_id > @after) AS n
    ON n.example_id = o.example_id
 WHERE (o.example_id IS NULL OR n.example_id IS NULL OR o.revision <> n.revision OR o.split <> n.split)
   AND CASE @kind::text
         WHEN 'added' THEN o.example_id IS NULL
         WHEN 'removed' THEN n.example_id IS NULL
         WHEN 'changed' THEN o.revision <> n.revision
         WHEN 'moved' THEN o.revision = n.revision AND o.split <> n.split
         ELSE true END
 ORDER BY 1 LIMIT @max_rows;

-- name: CountReleaseDifference :one
SELECT count(*) FILTER (WHERE o.example_id IS NULL) AS added,
       count(*) FILTER (WHERE n.example_id IS NULL) AS removed,
       count(*) FILTER (WHERE o.revision <> n.revision) AS changed,
       count(*) FILTER (WHERE o.revision = n.revision AND o.split <> n.split) AS moved,
       count(*) FILTER (WHERE o.revision = n.revision AND o.split = n.split) AS same
  FROM (SELECT a.example_id, a.revision, a.split FROM release_items a WHERE a.dataset_id = @dataset_id AND a.release_id = @old_id) AS o
  FULL JOIN (SELECT b.example_id, b.revision, b.split FROM release_items b WHERE b.dataset_id = @dataset_id AND b.release_id = @new_id) AS n
    ON n.example_id = o.example_id;

-- name: ReleaseTextsOf :many
-- Messages of given revisions with where the example stands, for showing.
SELECT r.example_id, r.revision, r.messages, e.category, e.subcategory
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS t
  JOIN revisions r ON r.dataset_id = @dataset_id AND r.example_id = t.id AND r.revision = t.revision
  JOIN examples e ON e.dataset_id = r.dataset_id AND e.id = r.example_id
 ORDER BY r.example_id, r.revision;

-- name: RemoveDemoReleases :exec
-- A release that holds demo examples goes with them: first its rows, then itself.
DELETE FROM release_items i USING releases r
 WHERE i.dataset_id = @dataset_id AND r.dataset_id = i.dataset_id AND r.id = i.release_id AND r.demo;

-- name: RemoveDemoReleaseFiles :exec
DELETE FROM release_files f USING releases r
 WHERE f.dataset_id = @dataset_id AND r.dataset_id = f.dataset_id AND r.id = f.release_id AND r.demo;

-- name: RemoveDemoReleaseKept :exec
DELETE FROM release_kept k USING releases r
 WHERE k.dataset_id = @dataset_id AND r.dataset_id = k.dataset_id AND r.id = k.release_id AND r.demo;

-- name: RemoveDemoReleaseRows :exec
DELETE FROM releases WHERE dataset_id = @dataset_id AND demo;
