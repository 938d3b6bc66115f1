-- The queue -----------------------------------------------------------------------

-- name: LockDuplicates :exec
-- One at a time: whoever changes pairs, groups or keys of a dataset holds this
-- until its transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('spotter duplicates ' || @dataset::text, 0));

-- name: StayOnIndexes :exec
-- Everything here looks a few thousand rows up by key. While the statistics of
-- the tables are young, the planner thinks otherwise; this keeps the transaction
-- to walks along indexes and to joins in the order in which they are written, and
-- plans each time for the size that the tables have by then, so that a batch costs
-- the same in a table of any size.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
       set_config('join_collapse_limit', '1', true), set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: AnalyzeExamples :exec
-- After a large import nobody may have told the planner yet how large it was.
ANALYZE examples (dataset_id, id), revisions (dataset_id, example_id, revision);

-- name: AnalyzeDuplicates :exec
ANALYZE findings (dataset_id, example_id, revision, rule, severity), duplicate_queue, duplicate_signatures (dataset_id, example_id), duplicate_keys, duplicate_pairs (dataset_id, kind, a, b), duplicate_groups, duplicate_members;

-- name: CommitLater :exec
-- The work of a scan can be lost: its entries are then still in the queue.
SELECT set_config('synchronous_commit', 'off', true);

-- name: QueuedDuplicates :many
-- What waits, with the length of the text where there is one to read. (The exact
-- bytes would cost a look at every revision.)
SELECT q.example_id, q.stamp, q.again, coalesce(e.tokens, 0)::int AS tokens
  FROM duplicate_queue q
  LEFT JOIN examples e ON e.dataset_id = q.dataset_id AND e.id = q.example_id
 WHERE q.dataset_id = @dataset_id AND q.example_id > @after
 ORDER BY q.example_id
 LIMIT @max_rows;

-- name: QueuedDuplicatesOf :many
-- What waits of some examples, which are about to be looked at out of turn.
SELECT q.example_id, q.stamp, q.again, coalesce(e.tokens, 0)::int AS tokens
  FROM duplicate_queue q
  LEFT JOIN examples e ON e.dataset_id = q.dataset_id AND e.id = q.example_id
 WHERE q.dataset_id = @dataset_id AND q.example_id = ANY(@ids::uuid[])
 ORDER BY q.example_id;

-- name: PresentExamples :many
SELECT id FROM examples WHERE dataset_id = @dataset_id AND id = ANY(@ids::uuid[]) ORDER BY id;

-- name: CountQueuedDuplicates :one
SELECT count(*) FROM (SELECT FROM duplicate_queue q WHERE q.dataset_id = @dataset_id LIMIT @max_rows) AS first;

-- name: TakeQueuedDuplicates :many
-- Takes entries off the queue, but not those that were renewed after they were
-- read.
DELETE FROM duplicate_queue q USING (SELECT unnest(@ids::uuid[]) AS id, unnest(@stamps::bigint[]) AS stamp) AS t
 WHERE q.dataset_id = @dataset_id AND q.example_id = t.id AND q.stamp = t.stamp
RETURNING q.example_id;

-- name: QueueDuplicatesAgain :exec
INSERT INTO duplicate_queue (dataset_id, example_id, again)
SELECT @dataset_id, id, true FROM unnest(@ids::uuid[]) AS t(id)
ON CONFLICT (dataset_id, example_id) DO UPDATE SET again = true, stamp = excluded.stamp;

-- name: QueueOutdatedDuplicates :execrows
-- Puts in the queue what another version of the method has signed.
INSERT INTO duplicate_queue (dataset_id, example_id)
SELECT s.dataset_id, s.example_id FROM duplicate_signatures s WHERE s.dataset_id = @dataset_id AND s.version <> @version
ON CONFLICT (dataset_id, example_id) DO NOTHING;

-- Signing -------------------------------------------------------------------------

-- name: DuplicateTexts :many
-- The current text of examples that are still in the running. Texts above the
-- limit are left out: they are not compared.
SELECT e.id, e.category, e.revision, r.messages
  FROM unnest(@ids::uuid[]) AS t(id)
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = t.id
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
 WHERE e.status <> 'rejected' AND octet_length(r.messages) <= @max_bytes::int
 ORDER BY e.id;

-- name: DuplicateSignatures :many
SELECT example_id, revision, version, keys FROM duplicate_signatures
 WHERE dataset_id = @dataset_id AND example_id = ANY(@ids::uuid[]) ORDER BY example_id;

-- name: DropDuplicateSignatures :exec
DELETE FROM duplicate_signatures WHERE dataset_id = @dataset_id AND example_id = ANY(@ids::uuid[]);

-- name: DropDuplicateKeys :exec
DELETE FROM duplicate_keys k USING (SELECT unnest(@keys::bigint[]) AS key, unnest(@ids::uuid[]) AS id) AS t
 WHERE k.key = t.key AND k.example_id = t.id;

-- name: DuplicateBuckets :many
-- The oldest members of each bucket that has more than one.
SELECT t.key::bigint AS key, c.members::uuid[] AS members
  FROM (SELECT unnest(@keys::bigint[]) AS key, unnest(@most::int[]) AS most) AS t
 CROSS JOIN LATERAL (SELECT array_agg(x.example_id) AS members
                       FROM (SELECT k.example_id FROM duplicate_keys k
                              WHERE k.key = t.key
                              ORDER BY k.example_id LIMIT t.most) AS x
                     HAVING count(*) > 1) AS c;

-- name: WriteDuplicates :execrows
-- Notes who changes keys now; a row when it was somebody else before.
INSERT INTO duplicate_writers AS w (dataset_id, writer) VALUES (@dataset_id, @writer)
ON CONFLICT (dataset_id) DO UPDATE SET writer = excluded.writer WHERE w.writer <> excluded.writer;

-- name: DuplicateKeysAfter :many
SELECT key FROM duplicate_keys WHERE key > @after ORDER BY key LIMIT @max_rows;

-- name: EstimateDuplicateKeys :one
-- About how many keys there are: a row takes 52 bytes.
SELECT (pg_relation_size('duplicate_keys') / 52)::bigint AS keys;

-- name: ExamplesApart :many
SELECT example_id, ruling_id, class FROM duplicate_apart
 WHERE dataset_id = @dataset_id AND example_id = ANY(@ids::uuid[]) ORDER BY example_id, ruling_id;

-- Pairs ---------------------------------------------------------------------------

-- name: InsertDuplicatePairs :exec
INSERT INTO duplicate_pairs (dataset_id, kind, a, b, similarity, fields)
SELECT @dataset_id, t.kind, t.a, t.b, t.similarity, t.fields
  FROM (SELECT unnest(@kinds::text[]) AS kind, unnest(@a::uuid[]) AS a, unnest(@b::uuid[]) AS b, unnest(@similarities::real[]) AS similarity, unnest(@fields::text[]) AS fields) AS t
ON CONFLICT (dataset_id, kind, a, b) DO NOTHING;

-- name: DropDuplicatePairs :many
-- Takes out every pair of the examples.
WITH theirs AS (
    SELECT x.kind, x.a, x.b FROM duplicate_pairs x
     WHERE x.dataset_id = @dataset_id AND x.kind = ANY(ARRAY['equal', 'near', 'contradiction', 'variant']) AND x.a = ANY(@ids::uuid[])
     UNION
    SELECT y.kind, y.a, y.b FROM duplicate_pairs y
     WHERE y.dataset_id = @dataset_id AND y.kind = ANY(ARRAY['equal', 'near', 'contradiction', 'variant']) AND y.b = ANY(@ids::uuid[])
)
DELETE FROM duplicate_pairs p USING theirs t
 WHERE p.dataset_id = @dataset_id AND p.kind = t.kind AND p.a = t.a AND p.b = t.b
RETURNING p.kind, p.a, p.b;

-- name: DropDuplicatePairsAmong :exec
-- Takes out the pairs of some kinds that lie within a set of examples.
DELETE FROM duplicate_pairs p
 WHERE p.dataset_id = @dataset_id AND p.kind = ANY(@kinds::text[]) AND p.a = ANY(@ids::uuid[]) AND p.b = ANY(@ids::uuid[]);

-- name: DuplicatePairsAmong :many
-- One range of the index for each example and kind: given both ends, the planner
-- looks each of ids x ids up.
SELECT p.kind, p.a, p.b, p.similarity, p.fields
  FROM unnest(@kinds::text[]) AS k(kind)
 CROSS JOIN unnest(@ids::uuid[]) AS t(id)
 CROSS JOIN LATERAL (SELECT x.kind, x.a, x.b, x.similarity, x.fields FROM duplicate_pairs x
                      WHERE x.dataset_id = @dataset_id AND x.kind = k.kind AND x.a = t.id OFFSET 0) AS p
 WHERE p.b = ANY(@ids::uuid[])
 ORDER BY p.a, p.b
 LIMIT @max_rows;

-- name: OldestPartners :many
-- For each example and kind, the oldest one it makes a pair with. Rows are
-- compared, not columns, so that each side can only be read along its own index:
-- an example may have as many partners as there are examples.
SELECT t.id::uuid AS id, k.kind::text AS kind, p.other, p.fields
  FROM unnest(@ids::uuid[]) AS t(id)
 CROSS JOIN unnest(@kinds::text[]) AS k(kind)
 CROSS JOIN LATERAL (
       SELECT both_ways.other, both_ways.fields
         FROM ((SELECT x.a AS self, x.b AS other, x.fields FROM duplicate_pairs x
                 WHERE x.dataset_id = @dataset_id AND x.kind = k.kind AND (x.a, x.b) >= (t.id, '00000000-0000-0000-0000-000000000000'::uuid)
                 ORDER BY x.a, x.b LIMIT 1)
               UNION ALL
               (SELECT y.b AS self, y.a AS other, y.fields FROM duplicate_pairs y
                 WHERE y.dataset_id = @dataset_id AND y.kind = k.kind AND (y.b, y.a) >= (t.id, '00000000-0000-0000-0000-000000000000'::uuid)
                 ORDER BY y.b, y.a LIMIT 1)) AS both_ways
        WHERE both_ways.self = t.id
        ORDER BY both_ways.other LIMIT 1) AS p
 ORDER BY t.id, k.kind;

-- Groups --------------------------------------------------------------------------

-- name: GroupsOfExamples :many
SELECT m.class, m.example_id, m.group_id, g.kind, g.size
  FROM unnest(@classes::text[]) AS c(class)
 CROSS JOIN unnest(@ids::uuid[]) AS t(id)
  JOIN duplicate_members m ON m.dataset_id = @dataset_id AND m.class = c.class AND m.example_id = t.id
  JOIN duplicate_groups g ON g.dataset_id = m.dataset_id AND g.id = m.group_id
 ORDER BY m.class, m.example_id;

-- name: MembersOfGroups :many
SELECT m.group_id, m.example_id FROM duplicate_members m
 WHERE m.dataset_id = @dataset_id AND m.group_id = ANY(@groups::uuid[])
 ORDER BY m.group_id, m.example_id;

-- name: InsertDuplicateGroups :exec
INSERT INTO duplicate_groups (dataset_id, id, class, kind, category, size)
SELECT @dataset_id, t.id, @class, t.kind, t.category, t.size
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@kinds::text[]) AS kind, unnest(@categories::text[]) AS category, unnest(@sizes::int[]) AS size) AS t;

-- name: InsertDuplicateMembers :exec
INSERT INTO duplicate_members (dataset_id, class, example_id, group_id)
SELECT @dataset_id, @class, t.id, t.group_id
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@groups::uuid[]) AS group_id) AS t;

-- name: DropDuplicateMembers :exec
DELETE FROM duplicate_members WHERE dataset_id = @dataset_id AND class = @class AND example_id = ANY(@ids::uuid[]);

-- name: MoveDuplicateMembers :exec
UPDATE duplicate_members SET group_id = @into_group WHERE dataset_id = @dataset_id AND group_id = ANY(@groups::uuid[]);

-- name: DropDuplicateGroups :exec
DELETE FROM duplicate_groups WHERE dataset_id = @dataset_id AND id = ANY(@groups::uuid[]);

-- name: SetDuplicateGroups :exec
UPDATE duplicate_groups g SET kind = t.kind, size = t.size
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@kinds::text[]) AS kind, unnest(@sizes::int[]) AS size) AS t
 WHERE g.dataset_id = @dataset_id AND g.id = t.id;

-- name: DuplicateGroup :one
SELECT id, class, kind, category, size, created_at FROM duplicate_groups WHERE dataset_id = @dataset_id AND id = @id;

-- name: DuplicateGroups :many
SELECT id, class, kind, category, size, created_at FROM duplicate_groups
 WHERE dataset_id = @dataset_id AND kind = @kind AND category = @category AND id > @after
 ORDER BY id LIMIT @max_rows;

-- name: DuplicateGroupsOfKind :many
SELECT id, class, kind, category, size, created_at FROM duplicate_groups
 WHERE dataset_id = @dataset_id AND kind = @kind AND id > @after
 ORDER BY id LIMIT @max_rows;

-- name: CountDuplicateGroups :many
SELECT kind, category, groups, examples FROM duplicate_counts
 WHERE dataset_id = @dataset_id AND groups > 0 ORDER BY kind, category LIMIT 10000;

-- name: DuplicateMembers :many
-- Members of groups with what a page shows of them, each group's first ones
-- beyond after.
SELECT m.group_id, e.id, e.category, e.subcategory, e.status, e.revision, e.errors, e.warnings, e.tokens, e.import_id, s.name AS source_name, e.source_line, r.messages
  FROM unnest(@groups::uuid[]) AS t(id)
 CROSS JOIN LATERAL (SELECT x.dataset_id, x.group_id, x.example_id FROM duplicate_members x
                      WHERE x.dataset_id = @dataset_id AND x.group_id = t.id AND x.example_id > @after
                      ORDER BY x.example_id LIMIT @max_members) AS m
  JOIN examples e ON e.dataset_id = m.dataset_id AND e.id = m.example_id
  JOIN revisions r ON r.dataset_id = e.dataset_id AND r.example_id = e.id AND r.revision = e.revision
  JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
 ORDER BY m.group_id, e.id;

-- name: DuplicateMemberStates :many
-- All members of a group with what a ruling needs of them.
SELECT e.id, e.status, e.revision FROM duplicate_members m
  JOIN examples e ON e.dataset_id = m.dataset_id AND e.id = m.example_id
 WHERE m.dataset_id = @dataset_id AND m.group_id = @group_id
 ORDER BY e.id LIMIT @max_rows;

-- name: DuplicateMemberStatesOf :many
-- The same of those members of a group that are named.
SELECT e.id, e.status, e.revision FROM duplicate_members m
  JOIN examples e ON e.dataset_id = m.dataset_id AND e.id = m.example_id
 WHERE m.dataset_id = @dataset_id AND m.group_id = @group_id AND m.example_id = ANY(@ids::uuid[])
 ORDER BY e.id;

-- Findings ------------------------------------------------------------------------

-- name: LockForFindings :many
-- Examples whose findings are about to change, with the revision that was signed,
-- 0 where none is.
SELECT e.id, e.category, e.revision, coalesce(s.revision, 0)::int AS signed
  FROM unnest(@ids::uuid[]) AS t(id)
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = t.id
  LEFT JOIN duplicate_signatures s ON s.dataset_id = e.dataset_id AND s.example_id = e.id
 ORDER BY e.id
   FOR NO KEY UPDATE OF e;

-- name: DuplicateFindings :many
SELECT f.example_id, f.ordinal, f.rule, f.severity, f.message, f.waived
  FROM unnest(@ids::uuid[]) AS t(id)
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = t.id
  JOIN findings f ON f.dataset_id = e.dataset_id AND f.example_id = e.id AND f.revision = e.revision
 WHERE f.rule = ANY(@rules::text[])
 ORDER BY f.example_id, f.ordinal;

-- name: DropFindings :exec
DELETE FROM findings f USING (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision, unnest(@ordinals::smallint[]) AS ordinal) AS t
 WHERE f.dataset_id = @dataset_id AND f.example_id = t.id AND f.revision = t.revision AND f.ordinal = t.ordinal;

-- name: AddFindings :many
-- Adds at most one finding of a rule to each example, after those it has, waived
-- where a waiver says so.
INSERT INTO findings (dataset_id, example_id, revision, ordinal, rule, severity, message, waived)
SELECT @dataset_id, t.id, t.revision,
       (SELECT coalesce(max(f.ordinal) + 1, 0) FROM findings f WHERE f.dataset_id = @dataset_id AND f.example_id = t.id AND f.revision = t.revision)
       + row_number() OVER (PARTITION BY t.id ORDER BY t.rule) - 1,
       t.rule, t.severity::severity, t.message,
       EXISTS (SELECT FROM waivers w
                WHERE w.dataset_id = @dataset_id AND w.example_id = t.id AND w.revision = t.revision
                  AND w.rule = t.rule AND w.path = '' AND w.withdraws IS NULL
                  AND NOT EXISTS (SELECT FROM waivers x WHERE x.dataset_id = w.dataset_id AND x.withdraws = w.id))
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision, unnest(@rules::text[]) AS rule, unnest(@severities::text[]) AS severity, unnest(@messages::text[]) AS message) AS t
RETURNING example_id, severity, waived;

-- name: AddToFindingCounts :exec
-- All of them are of the search for duplicates.
UPDATE examples e SET errors = e.errors + t.errors, warnings = e.warnings + t.warnings, duplicates = greatest(e.duplicates + t.errors + t.warnings, 0)
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@errors::smallint[]) AS errors, unnest(@warnings::smallint[]) AS warnings) AS t
 WHERE e.dataset_id = @dataset_id AND e.id = t.id;

-- Rulings -------------------------------------------------------------------------

-- name: InsertDuplicatesApart :exec
INSERT INTO duplicate_apart (dataset_id, example_id, ruling_id, class, author_id)
SELECT @dataset_id, t.id, @ruling_id, @class, sqlc.narg('author_id') FROM unnest(@ids::uuid[]) AS t(id);

-- name: InsertDuplicatesOf :exec
INSERT INTO duplicate_of (dataset_id, example_id, survivor_id, kind, author_id)
SELECT @dataset_id, t.id, @survivor_id, @kind, sqlc.narg('author_id') FROM unnest(@ids::uuid[]) AS t(id)
ON CONFLICT (dataset_id, survivor_id, example_id) DO UPDATE SET kind = excluded.kind, author_id = excluded.author_id, created_at = now();

-- name: RejectedFor :many
-- The examples that were rejected in favour of one and still are, and where they
-- came from.
SELECT d.example_id, d.kind, d.created_at, e.import_id, e.source_id, e.source_line, s.name AS source_name
  FROM duplicate_of d
  JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id AND e.status = 'rejected'
  JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
 WHERE d.dataset_id = @dataset_id AND d.survivor_id = @survivor_id
 ORDER BY d.example_id LIMIT @max_rows;

-- name: SurvivorsOf :many
-- In whose favour an example was rejected, the last one first.
SELECT d.survivor_id, d.kind, d.created_at
  FROM duplicate_of d JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id AND e.status = 'rejected'
 WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id
 ORDER BY d.created_at DESC, d.survivor_id LIMIT 100;

-- name: DropRulingsOfGone :exec
-- Forgets the rulings on examples that are not there any more.
WITH gone AS (SELECT t.id FROM unnest(@ids::uuid[]) AS t(id)),
     links AS (DELETE FROM duplicate_of d USING gone WHERE d.dataset_id = @dataset_id AND d.example_id = gone.id),
     back AS (DELETE FROM duplicate_of d USING gone WHERE d.dataset_id = @dataset_id AND d.survivor_id = gone.id)
DELETE FROM duplicate_apart a USING gone WHERE a.dataset_id = @dataset_id AND a.example_id = gone.id;
