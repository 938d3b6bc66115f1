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

-- name: NoteSighting :exec
-- Notes that somebody was shown what others said of an example's current revision.
INSERT INTO sightings (dataset_id, example_id, revision, user_id)
SELECT e.dataset_id, e.id, e.revision, @viewer_id FROM examples e WHERE e.dataset_id = @dataset_id AND e.id = @id
ON CONFLICT DO NOTHING;

-- name: WasShown :one
-- Whether somebody was shown what others said of a revision.
SELECT EXISTS (SELECT FROM sightings
                WHERE dataset_id = @dataset_id AND example_id = @example_id AND revision = @revision AND user_id = @viewer_id) AS shown;

-- name: CarrySightings :exec
-- Whoever was shown what others said of a revision knows it of another one with the
-- same content too.
INSERT INTO sightings (dataset_id, example_id, revision, user_id, at)
SELECT w.dataset_id, w.example_id, @next::int, w.user_id, w.at
  FROM sightings w WHERE w.dataset_id = @dataset_id AND w.example_id = @example_id AND w.revision = @revision
ON CONFLICT DO NOTHING;

-- name: RemoveDemoSightings :exec
DELETE FROM sightings w USING examples e
 WHERE w.dataset_id = @dataset_id AND e.dataset_id = w.dataset_id AND e.id = w.example_id AND e.source_id = ANY(@sources::uuid[]);

-- name: NoteSightings :exec
-- The same for a list of revisions, those of them that are the current ones.
INSERT INTO sightings (dataset_id, example_id, revision, user_id)
SELECT DISTINCT e.dataset_id, e.id, e.revision, @viewer_id::uuid
  FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@revisions::int[]) AS revision) AS s
  JOIN examples e ON e.dataset_id = @dataset_id AND e.id = s.id AND e.revision = s.revision
ON CONFLICT DO NOTHING;

-- name: NoteJudged :exec
-- The same for those of the examples on whose current revision somebody else gave a
-- verdict.
INSERT INTO sightings (dataset_id, example_id, revision, user_id)
SELECT e.dataset_id, e.id, e.revision, @viewer_id::uuid
  FROM examples e
 WHERE e.dataset_id = @dataset_id AND e.id = ANY(@ids::uuid[])
   AND EXISTS (SELECT FROM (SELECT * FROM decisions x WHERE x.dataset_id = e.dataset_id AND x.example_id = e.id ORDER BY x.id OFFSET 0) AS d
                WHERE d.reviewer_id <> @viewer_id AND d.verdict IN ('approve', 'reject', 'escalate') AND coalesce(d.new_revision, d.revision) = e.revision)
ON CONFLICT DO NOTHING;
