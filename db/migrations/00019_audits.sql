-- +goose Up

-- Looks at approved work that a sample audits, handed out in the queue of its
-- assignment: decisions in them are second looks like any other.
ALTER TABLE looks DROP CONSTRAINT looks_kind_check;
ALTER TABLE looks ADD CONSTRAINT looks_kind_check CHECK (kind IN ('second', 'gold', 'audit'));
CREATE INDEX sample_assignments_work_idx ON sample_assignments (dataset_id, assignment_id);

-- Whether somebody is no fresh pair of eyes for a revision of an example: a row for
-- whatever says so. They gave a verdict on it that stands, were shown what others said
-- of it, or, unless again, passed the example over. The one place that decides whom a
-- look may go to. A function that returns rows and not a view or a truth value: its
-- query is planned as part of the caller's, and is two look-ups by example there. A view
-- is joined by person, which reads all that they ever decided; OFFSET 0 keeps the planner
-- from that here too.
-- +goose StatementBegin
CREATE FUNCTION witness(dataset uuid, example uuid, rev integer, person uuid, again boolean) RETURNS SETOF boolean
LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT true
      FROM (SELECT * FROM decisions x WHERE x.dataset_id = dataset AND x.example_id = example ORDER BY x.id OFFSET 0) AS d
     WHERE d.reviewer_id = person
       AND (d.verdict = 'skip' AND NOT again OR d.verdict NOT IN ('undo', 'skip') AND coalesce(d.new_revision, d.revision) = rev)
       AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
    UNION ALL
    SELECT true
      FROM sightings s
     WHERE s.dataset_id = dataset AND s.example_id = example AND s.revision = rev AND s.user_id = person
$$;
-- +goose StatementEnd

-- What of open audits nobody has judged since they were drawn, by the work that was
-- given. What counts is an approval, one by one, of somebody who had not approved the
-- example before, as in the query of a sample's items; anything else changes the status.
CREATE VIEW audits_waiting AS
SELECT w.dataset_id, w.assignment_id, i.ordinal, i.example_id, s.created_at AS drawn_at
  FROM sample_assignments w
  JOIN samples s ON s.dataset_id = w.dataset_id AND s.id = w.sample_id AND s.scope = 'approved' AND s.state = 'open'
  JOIN sample_items i ON i.dataset_id = s.dataset_id AND i.sample_id = s.id AND i.ordinal BETWEEN w.first AND w.last
  JOIN examples e ON e.dataset_id = i.dataset_id AND e.id = i.example_id AND e.status = 'approved'
 WHERE NOT EXISTS (SELECT FROM decisions d
                    WHERE d.dataset_id = i.dataset_id AND d.example_id = i.example_id AND d.verdict = 'approve' AND d.kind <> 'bulk' AND d.carries IS NULL
                      AND d.created_at >= s.created_at
                      AND NOT EXISTS (SELECT FROM decisions b WHERE b.dataset_id = d.dataset_id AND b.example_id = d.example_id AND b.reviewer_id = d.reviewer_id
                                         AND b.verdict = 'approve' AND b.created_at < s.created_at)
                      AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id));

-- +goose Down
DROP VIEW audits_waiting;
DROP FUNCTION witness;
DROP INDEX sample_assignments_work_idx;
DELETE FROM looks WHERE kind = 'audit';
ALTER TABLE looks DROP CONSTRAINT looks_kind_check;
ALTER TABLE looks ADD CONSTRAINT looks_kind_check CHECK (kind IN ('second', 'gold'));
