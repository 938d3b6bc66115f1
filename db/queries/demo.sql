-- name: DemoRows :many
-- Examples of the demo data in one status, oldest first.
SELECT e.id, e.category, e.revision, e.errors
  FROM examples e JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
 WHERE e.dataset_id = @dataset_id AND s.demo AND e.status = 'pending'
 ORDER BY e.id
 LIMIT @max_rows::int;

-- name: DemoSourceIDs :many
SELECT id FROM sources WHERE dataset_id = @dataset_id AND demo ORDER BY id LIMIT 1000;

-- name: AllowDemoRemoval :exec
-- Lets this transaction delete append-only rows; the triggers look at it.
SELECT set_config('spotter.removing_demo', 'on', true);

-- name: RemoveDemoLeases :exec
DELETE FROM leases l USING examples e
 WHERE l.dataset_id = @dataset_id AND e.dataset_id = l.dataset_id AND e.id = l.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoFindings :exec
DELETE FROM findings f USING examples e
 WHERE f.dataset_id = @dataset_id AND e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoDecisions :exec
DELETE FROM decisions d USING examples e
 WHERE d.dataset_id = @dataset_id AND e.dataset_id = d.dataset_id AND e.id = d.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoLinks :exec
-- What was kept instead of what, where either is a demo example.
DELETE FROM duplicate_of d USING examples e
 WHERE d.dataset_id = @dataset_id AND e.dataset_id = d.dataset_id AND e.id IN (d.example_id, d.survivor_id)
   AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoRevisions :exec
DELETE FROM revisions r USING examples e
 WHERE r.dataset_id = @dataset_id AND e.dataset_id = r.dataset_id AND e.id = r.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoExamples :execrows
DELETE FROM examples WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoRejects :exec
DELETE FROM import_rejects j USING import_runs i
 WHERE j.dataset_id = @dataset_id AND i.dataset_id = j.dataset_id AND i.id = j.import_id AND i.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoDuplicates :exec
DELETE FROM import_duplicates d USING import_runs i
 WHERE d.dataset_id = @dataset_id AND i.dataset_id = d.dataset_id AND i.id = d.import_id AND i.source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoRuns :exec
DELETE FROM import_runs WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoChunks :exec
DELETE FROM source_chunks WHERE dataset_id = @dataset_id AND source_id = ANY(@sources::uuid[]);

-- name: RemoveDemoSources :exec
DELETE FROM sources WHERE dataset_id = @dataset_id AND id = ANY(@sources::uuid[]);

-- name: FilesEqualToDemo :many
-- Other imports some of whose rows were not taken in because a demo example said
-- the same.
SELECT DISTINCT i.filename
  FROM import_duplicates d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
  JOIN import_runs i ON i.dataset_id = d.dataset_id AND i.id = d.import_id
 WHERE d.dataset_id = @dataset_id AND e.source_id = ANY(@sources::uuid[]) AND i.source_id <> ALL(@sources::uuid[])
 ORDER BY i.filename
 LIMIT 20;
