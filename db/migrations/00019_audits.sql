-- +goose Up

-- Looks at approved work that a sample audits, handed out in the queue of its
-- assignment: decisions in them are second looks like any other.
ALTER TABLE looks DROP CONSTRAINT looks_kind_check;
ALTER TABLE looks ADD CONSTRAINT looks_kind_check CHECK (kind IN ('second', 'gold', 'audit'));
CREATE INDEX sample_assignments_work_idx ON sample_assignments (dataset_id, assignment_id);

-- Who is no fresh pair of eyes for a revision of an example: whoever gave a verdict on
-- it that stands, or was shown what others said of it. Whoever passed an example over
-- (skipped) has no say, but said "not now". The one place that decides whom a hidden
-- look may go to: its readers ask for one example and one person.
CREATE VIEW witnesses AS
SELECT d.dataset_id, d.example_id, d.reviewer_id AS user_id, coalesce(d.new_revision, d.revision) AS revision, d.verdict = 'skip' AS skipped
  FROM decisions d
 WHERE d.verdict <> 'undo' AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)
UNION ALL
SELECT s.dataset_id, s.example_id, s.user_id, s.revision, false
  FROM sightings s;

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
DROP VIEW audits_waiting, witnesses;
DROP INDEX sample_assignments_work_idx;
DELETE FROM looks WHERE kind = 'audit';
ALTER TABLE looks DROP CONSTRAINT looks_kind_check;
ALTER TABLE looks ADD CONSTRAINT looks_kind_check CHECK (kind IN ('second', 'gold'));
