-- name: ExampleByID :one
SELECT e.id, e.category, e.subcategory, e.status, e.revision, e.tokens, e.turns, e.errors, e.warnings, e.doubt,
       e.source_id, e.import_id, e.source_line, e.source_offset, e.source_bytes, e.external_id, e.hash, e.updated_at,
       s.name AS source_name, s.sha256 AS source_sha256, s.licence, s.channel, s.demo, s.created_at AS stored_at,
       i.format, i.filename, i.created_at AS imported_at, coalesce(u.name, '')::text AS imported_by,
       r.messages, r.tools, r.metadata, r.plain_tokens, r.hash AS revision_hash
  FROM examples e
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
  JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
  JOIN import_runs i ON i.dataset_id = e.dataset_id AND i.id = e.import_id
  LEFT JOIN users u ON u.id = i.created_by
 WHERE e.dataset_id = @dataset_id AND e.id = @id;

-- name: FindingsOf :many
-- What is found on a revision, but for what was waived.
SELECT example_id, rule, severity, message, path, start_at, end_at
  FROM findings
 WHERE dataset_id = @dataset_id AND example_id = @example_id AND revision = @revision AND NOT waived
 ORDER BY severity DESC, ordinal
 LIMIT 1000;

-- name: DecisionsOf :many
SELECT d.id, d.reviewer_id, coalesce(u.name, '')::text AS reviewer, d.revision, d.new_revision, d.verdict, d.kind, d.proposal, d.reason,
       d.comment, d.override_reason, d.checklist, d.status_before, d.status_after, d.undoes, d.millis, d.created_at, d.informed, (d.carries IS NOT NULL)::boolean AS carried,
       EXISTS (SELECT FROM decisions x WHERE x.dataset_id = d.dataset_id AND x.undoes = d.id) AS undone
  FROM decisions d
  LEFT JOIN users u ON u.id = d.reviewer_id
 WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id
 ORDER BY d.id
 LIMIT 1000;

-- name: RevisionsOf :many
SELECT r.revision, r.messages, r.tools, r.tokens, r.reason, r.created_at, r.author_id, coalesce(u.name, '')::text AS author
  FROM revisions r
  LEFT JOIN users u ON u.id = r.author_id
 WHERE r.dataset_id = @dataset_id AND r.example_id = @example_id AND r.revision > @above
 ORDER BY r.revision DESC;

-- name: HolderOf :one
SELECT l.reviewer_id, coalesce(u.name, '')::text AS reviewer, l.taken_at, l.expires_at
  FROM leases l
  LEFT JOIN users u ON u.id = l.reviewer_id
 WHERE l.dataset_id = @dataset_id AND l.example_id = @example_id AND l.expires_at > now();

-- name: HoldersOf :many
-- Who works on which of a page of examples now.
SELECT l.example_id, l.reviewer_id, coalesce(u.name, '')::text AS reviewer, l.taken_at, l.expires_at
  FROM leases l
  LEFT JOIN users u ON u.id = l.reviewer_id
 WHERE l.dataset_id = @dataset_id AND l.example_id = ANY(@ids::uuid[]) AND l.expires_at > now()
 ORDER BY l.example_id
 LIMIT 1000;

-- name: HasLook :one
-- Whether an open hidden look at the example is leased to this reviewer, also one
-- whose time ran out.
SELECT EXISTS (
    SELECT FROM leases l JOIN looks k ON k.dataset_id = l.dataset_id AND k.id = l.look_id
     WHERE l.dataset_id = @dataset_id AND l.example_id = @example_id AND l.reviewer_id = @reviewer_id AND k.closed_at IS NULL
) AS has;

-- name: FindingsOfMany :many
-- The current findings of a page of examples, but for waived ones.
SELECT f.example_id, f.rule, f.severity, f.message, f.path, f.start_at, f.end_at
  FROM findings f
  JOIN examples e ON e.dataset_id = f.dataset_id AND e.id = f.example_id AND e.revision = f.revision
 WHERE f.dataset_id = @dataset_id AND f.example_id = ANY(@example_ids::uuid[]) AND NOT f.waived
 ORDER BY f.example_id, f.severity DESC, f.ordinal
 LIMIT 20000;

-- name: NamedSources :many
-- Sources by name, for a filter that names a file; a file imported under the same
-- name twice is two sources.
SELECT id FROM sources WHERE dataset_id = @dataset_id AND name = @name ORDER BY id LIMIT 100;

-- name: RunsOfSources :many
SELECT id FROM import_runs WHERE dataset_id = @dataset_id AND source_id = ANY(@source_ids::uuid[]) AND inserted > 0 ORDER BY id LIMIT 1000;

-- name: RunsAdded :many
-- The imports of files that were added from one day to another (UTC).
SELECT i.id
  FROM sources s JOIN import_runs i ON i.dataset_id = s.dataset_id AND i.source_id = s.id
 WHERE s.dataset_id = @dataset_id AND i.inserted > 0 AND s.created_at >= (@since::text)::date::timestamp AT TIME ZONE 'UTC'
   AND s.created_at < ((@until::text)::date + 1)::timestamp AT TIME ZONE 'UTC'
 ORDER BY i.id
 LIMIT 10000;

-- name: SourceNames :many
-- What a filter offers: the newest sources.
SELECT id, name, demo, created_at FROM sources WHERE dataset_id = @dataset_id ORDER BY id DESC LIMIT 200;

-- name: RulesSeen :many
-- The rules that found anything, by walking from one to the next in the index.
WITH RECURSIVE seen AS (
    (SELECT f.rule FROM findings f WHERE f.dataset_id = @dataset_id ORDER BY f.rule LIMIT 1)
    UNION ALL
    SELECT (SELECT f.rule FROM findings f WHERE f.dataset_id = @dataset_id AND f.rule > seen.rule ORDER BY f.rule LIMIT 1)
      FROM seen WHERE seen.rule IS NOT NULL
)
SELECT rule::text AS rule FROM seen WHERE rule IS NOT NULL ORDER BY rule LIMIT 500;

-- name: NamesOfExamples :many
-- What people call examples: the file each came from and its line in it.
SELECT e.id, s.name AS source_name, e.source_line
  FROM examples e
  JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
 WHERE e.dataset_id = @dataset_id AND e.id = ANY(@ids::uuid[])
 ORDER BY e.id;
