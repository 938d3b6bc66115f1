-- name: HistoryOf :many
-- What happened to one example, newest first, strictly before (before_at,
-- before_key). Each branch walks an index by example; key makes the order total.
-- What the columns one, two and three say depends on kind:
--   import      file name, line, how it came
--   revision    reason                      (those that no decision made)
--   decision    reason, comment, why in spite of errors
--   comment     its text
--   waiver      rule, path, reason
--   withdrawal  rule, path, reason
--   disagreement
--   answer      the answer, the question    (where the decision itself does not say it)
--   duplicate   kind of likeness            (rejected for the other example)
--   survivor    kind of likeness            (kept instead of the other example)
--   freed       who held it is not known any more
WITH happened AS (
    SELECT r.created_at AS at, 'import:' || r.revision AS key, 'import'::text AS kind, i.created_by AS who, coalesce(u.name, '') AS name,
           r.revision, NULL::integer AS new_revision, ''::text AS verdict, ''::text AS verdict_kind, ''::text AS status, false AS undone,
           i.filename AS one, e.source_line::text AS two, s.channel AS three, NULL::uuid AS other
      FROM revisions r
      JOIN examples e ON e.dataset_id = r.dataset_id AND e.id = r.example_id
      JOIN import_runs i ON i.dataset_id = e.dataset_id AND i.id = e.import_id
      JOIN sources s ON s.dataset_id = e.dataset_id AND s.id = e.source_id
      LEFT JOIN users u ON u.id = i.created_by
     WHERE r.dataset_id = @dataset_id AND r.example_id = @example_id AND r.revision = 1
    UNION ALL
    SELECT r.created_at, 'revision:' || lpad(r.revision::text, 9, '0'), 'revision', r.author_id, coalesce(u.name, ''),
           r.revision, NULL, '', '', '', false, r.reason, '', '', NULL
      FROM revisions r
      LEFT JOIN users u ON u.id = r.author_id
     WHERE r.dataset_id = @dataset_id AND r.example_id = @example_id AND r.revision > 1
       AND NOT EXISTS (SELECT FROM decisions d
                        WHERE d.dataset_id = r.dataset_id AND d.example_id = r.example_id AND d.new_revision = r.revision)
    UNION ALL
    SELECT d.created_at, 'decision:' || d.id, CASE WHEN d.carries IS NULL THEN 'decision' ELSE 'carried' END, d.reviewer_id, coalesce(u.name, ''),
           d.revision, d.new_revision, d.verdict, d.kind,
           CASE WHEN d.status_before <> d.status_after THEN d.status_after::text ELSE '' END,
           EXISTS (SELECT FROM decisions x WHERE x.dataset_id = d.dataset_id AND x.undoes = d.id),
           d.reason, d.comment, d.override_reason, d.id
      FROM decisions d
      LEFT JOIN users u ON u.id = d.reviewer_id
     WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id
    UNION ALL
    SELECT c.created_at, 'comment:' || c.id, 'comment', c.author_id, coalesce(u.name, ''), c.revision, NULL, '', '', '', false, c.body, '', '', NULL
      FROM comments c
      LEFT JOIN users u ON u.id = c.author_id
     WHERE c.dataset_id = @dataset_id AND c.example_id = @example_id
    UNION ALL
    SELECT w.created_at, 'waiver:' || w.id, CASE WHEN w.withdraws IS NULL THEN 'waiver' ELSE 'withdrawal' END, w.author_id, w.author,
           w.revision, NULL, '', '', '', false, w.rule, w.path, w.reason, NULL
      FROM waivers w
     WHERE w.dataset_id = @dataset_id AND w.example_id = @example_id
    UNION ALL
    SELECT x.created_at, 'escalation:' || x.id, 'disagreement', NULL, '', e.revision, NULL, '', '', '', false, '', '', '', NULL
      FROM escalations x JOIN examples e ON e.dataset_id = x.dataset_id AND e.id = x.example_id
     WHERE x.dataset_id = @dataset_id AND x.example_id = @example_id AND x.kind = 'disagreement'
    UNION ALL
    SELECT x.answered_at, 'answer:' || x.id, 'answer', x.answered_by, coalesce(u.name, ''), e.revision, NULL, '', x.kind, '', false, x.answer, x.question, '', NULL
      FROM escalations x
      JOIN examples e ON e.dataset_id = x.dataset_id AND e.id = x.example_id
      LEFT JOIN users u ON u.id = x.answered_by
     WHERE x.dataset_id = @dataset_id AND x.example_id = @example_id AND x.answered_at IS NOT NULL AND x.answer <> ''
       AND NOT EXISTS (SELECT FROM decisions d WHERE d.dataset_id = x.dataset_id AND d.id = x.answer_id AND x.answer IN (d.reason, d.comment))
    UNION ALL
    SELECT d.created_at, 'duplicate:' || d.survivor_id, 'duplicate', d.author_id, coalesce(u.name, ''), e.revision, NULL, '', '', '', false, d.kind, '', '', d.survivor_id
      FROM duplicate_of d
      JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
      LEFT JOIN users u ON u.id = d.author_id
     WHERE d.dataset_id = @dataset_id AND d.example_id = @example_id
    UNION ALL
    SELECT d.created_at, 'survivor:' || d.example_id, 'survivor', d.author_id, coalesce(u.name, ''), e.revision, NULL, '', '', '', false, d.kind, '', '', d.example_id
      FROM duplicate_of d
      JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.survivor_id
      LEFT JOIN users u ON u.id = d.author_id
     WHERE d.dataset_id = @dataset_id AND d.survivor_id = @example_id
    UNION ALL
    SELECT l.at, 'record:' || l.id, 'freed', l.actor_id, l.actor, e.revision, NULL, '', '', '', false, '', '', '', NULL
      FROM audit_log l JOIN examples e ON e.dataset_id = @dataset_id AND e.id = @example_id
     WHERE l.object = 'example/' || @example_id::uuid AND l.action = 'lease.dropped'
)
SELECT h.at::timestamptz AS at, h.key::text AS key, h.kind::text AS kind, h.who, h.name::text AS name, h.revision::integer AS revision,
       h.new_revision, h.verdict::text AS verdict, h.verdict_kind::text AS verdict_kind, h.status::text AS status, h.undone::boolean AS undone,
       h.one::text AS one, h.two::text AS two, h.three::text AS three, h.other
  FROM happened h
 WHERE (h.at, h.key) < (@before_at::timestamptz, @before_key::text)
 ORDER BY h.at DESC, h.key DESC
 LIMIT @max_rows::int;

-- name: HistoryRevisions :many
-- The content of some revisions, and how many findings the checks have on each.
SELECT r.revision, r.messages,
       (SELECT count(*) FROM findings f WHERE f.dataset_id = r.dataset_id AND f.example_id = r.example_id AND f.revision = r.revision AND f.severity = 'error')::int AS errors,
       (SELECT count(*) FROM findings f WHERE f.dataset_id = r.dataset_id AND f.example_id = r.example_id AND f.revision = r.revision AND f.severity = 'warning')::int AS warnings
  FROM revisions r
 WHERE r.dataset_id = @dataset_id AND r.example_id = @example_id AND r.revision = ANY(@revisions::integer[])
 ORDER BY r.revision
 LIMIT 500;

-- name: RevisionNumbers :many
-- The newest revisions of an example.
SELECT r.revision, r.author_id, r.created_at
  FROM revisions r
 WHERE r.dataset_id = @dataset_id AND r.example_id = @example_id
 ORDER BY r.revision DESC
 LIMIT 200;
