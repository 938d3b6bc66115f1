-- name: SightOf :one
-- What decides whether somebody may see what others said of an example: its
-- status, when the first verdict fell on its current revision, and whether the
-- viewer gave one or has a hidden look at it.
SELECT e.status, e.revision,
       coalesce((SELECT min(d.created_at) FROM decisions d
         WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.verdict IN ('approve', 'reject')
           AND coalesce(d.new_revision, d.revision) = e.revision
           AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)), '9999-12-31')::timestamptz AS first_verdict,
       EXISTS (SELECT FROM decisions d
                WHERE d.dataset_id = e.dataset_id AND d.example_id = e.id AND d.verdict IN ('approve', 'reject')
                  AND d.reviewer_id = @viewer_id AND coalesce(d.new_revision, d.revision) = e.revision
                  AND NOT EXISTS (SELECT FROM decisions u WHERE u.dataset_id = d.dataset_id AND u.undoes = d.id)) AS judged,
       EXISTS (SELECT FROM leases l JOIN looks k ON k.dataset_id = l.dataset_id AND k.id = l.look_id
                WHERE l.dataset_id = e.dataset_id AND l.example_id = e.id AND l.reviewer_id = @viewer_id AND k.closed_at IS NULL) AS looks
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.id = @id;
