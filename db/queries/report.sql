-- name: CountsByShelf :many
SELECT category, subcategory, status, sum(examples)::bigint AS examples, sum(tokens)::bigint AS tokens
  FROM counters
 WHERE dataset_id = @dataset_id
 GROUP BY category, subcategory, status
HAVING sum(examples) <> 0
 ORDER BY category, subcategory, status
 LIMIT 20000;

-- name: RecentDecisions :many
SELECT d.id, d.example_id, d.reviewer_id, d.verdict, d.reason, d.status_after, d.new_revision, d.created_at,
       coalesce(u.name, '')::text AS reviewer, e.category, e.subcategory
  FROM decisions d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
  LEFT JOIN users u ON u.id = d.reviewer_id
 WHERE d.dataset_id = @dataset_id AND d.carries IS NULL
 ORDER BY d.id DESC
 LIMIT @max_rows::int;

-- name: RecentImports :many
SELECT i.id, i.filename, i.state, i.rows, i.inserted, i.duplicates, i.rejected, i.created_at,
       coalesce(u.name, '')::text AS importer
  FROM import_runs i
  LEFT JOIN users u ON u.id = i.created_by
 WHERE i.dataset_id = @dataset_id
 ORDER BY i.id DESC
 LIMIT @max_rows::int;

-- name: DemoExamples :one
-- How many examples came with the demo.
SELECT coalesce(sum(i.inserted), 0)::bigint AS examples
  FROM import_runs i JOIN sources s ON s.dataset_id = i.dataset_id AND s.id = i.source_id
 WHERE i.dataset_id = @dataset_id AND s.demo;

-- Reports of a scope ------------------------------------------------------------------

-- name: ScopeRefs :many
-- The next examples of a filter, by key.
SELECT id, revision
  FROM examples
 WHERE dataset_id = @dataset_id AND id > @after
   AND (@category::text = '' OR category = @category) AND (@status::text = '' OR status::text = @status)
 ORDER BY id
 LIMIT @max_rows::int;

-- name: ScopeRows :many
-- What reports read of the examples of one batch, each in the revision asked for.
SELECT e.id, r.revision, e.category, e.subcategory, e.status, e.source_id,
       r.strict, r.tokens, r.plain_tokens, r.messages, r.tools, r.metadata
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS n
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = n.id
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = n.revision
 ORDER BY e.id
 LIMIT 10000;

-- name: ScopeVerdicts :many
-- The live verdicts on a batch of examples as of a moment: what was taken back by
-- then does not count, what came later does not either.
SELECT d.example_id, d.revision, d.reviewer_id, d.verdict, d.kind, d.reason, d.informed
  FROM decisions d
 WHERE d.dataset_id = @dataset_id AND d.example_id = ANY(@ids::uuid[]) AND d.verdict IN ('approve', 'reject', 'escalate') AND d.created_at <= @at
   AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id AND u.created_at <= @at)
 ORDER BY d.example_id, d.id
 LIMIT 1000000;

-- name: ScopeFindings :many
-- What is found on a batch of examples, each in the revision asked for, with the first
-- place and message of each rule.
SELECT f.example_id, f.rule, f.severity, f.waived, count(*)::bigint AS findings,
       (array_agg(f.path ORDER BY f.ordinal))[1]::text AS path, (array_agg(f.message ORDER BY f.ordinal))[1]::text AS message
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS n
  JOIN findings f ON f.dataset_id = @dataset_id AND f.example_id = n.id AND f.revision = n.revision
 GROUP BY f.example_id, f.rule, f.severity, f.waived
 ORDER BY f.example_id, f.rule, f.severity, f.waived
 LIMIT 1000000;

-- name: ScopeGroups :many
-- The groups of duplicates that a batch of examples is in. The classes of these
-- kinds are named because the key of members begins with the class: without them
-- every batch would read all members.
SELECT m.example_id, m.group_id, g.kind
  FROM unnest(@ids::uuid[]) AS t(id)
 CROSS JOIN (VALUES ('copy'), ('contradiction')) AS c(class)
  JOIN duplicate_members m ON m.dataset_id = @dataset_id AND m.class = c.class AND m.example_id = t.id
  JOIN duplicate_groups g ON g.dataset_id = m.dataset_id AND g.id = m.group_id
 WHERE g.kind IN ('equal', 'near', 'contradiction')
 ORDER BY m.example_id, m.group_id
 LIMIT 1000000;

-- name: ScopeSources :many
SELECT id, name, demo FROM sources WHERE dataset_id = @dataset_id AND id = ANY(@ids::uuid[]) ORDER BY id LIMIT 100000;

-- name: PeopleNames :many
SELECT id, name FROM users WHERE id = ANY(@ids::uuid[]) ORDER BY id LIMIT 100000;

-- name: ScopeWaivers :many
-- The waivers in force on a batch of examples, each on the revision asked for.
SELECT w.example_id, w.revision, w.rule, w.path, w.reason, coalesce(u.name, w.author)::text AS author, w.created_at
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS n
  JOIN waivers w ON w.dataset_id = @dataset_id AND w.example_id = n.id AND w.revision = n.revision
  LEFT JOIN users u ON u.id = w.author_id
 WHERE w.withdraws IS NULL AND NOT EXISTS (SELECT FROM waivers x WHERE x.dataset_id = w.dataset_id AND x.withdraws = w.id)
 ORDER BY w.example_id, w.id
 LIMIT 1000000;

-- name: ScopeSamples :many
-- The samples that a batch of examples was drawn in, of those with a verdict at a moment.
SELECT i.example_id, i.sample_id
  FROM sample_items i
  JOIN samples s ON s.dataset_id = i.dataset_id AND s.id = i.sample_id
 WHERE i.dataset_id = @dataset_id AND i.example_id = ANY(@ids::uuid[]) AND s.state IN ('accepted', 'rejected') AND s.closed_at <= @at::timestamptz
 ORDER BY i.example_id, i.sample_id
 LIMIT 1000000;

-- name: SamplesByID :many
SELECT id, name, batch, frame_size, state, reviewed, defects, closed_at
  FROM samples
 WHERE dataset_id = @dataset_id AND id = ANY(@ids::uuid[])
 ORDER BY id
 LIMIT 10000;
