-- +goose Up

-- Verdicts that count as independent only while they are (docs/adr/0009).

-- Who was shown what others said of a revision: written when a page or the API shows
-- it, or when the answer to a decision gives it away. Taking a verdict back does
-- not make anybody forget, so these rows outlive it.
CREATE TABLE sightings (
    dataset_id uuid        NOT NULL,
    example_id uuid        NOT NULL,
    revision   integer     NOT NULL,
    user_id    uuid        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dataset_id, example_id, revision, user_id)
);

ALTER TABLE decisions
    -- Its author had been shown what others said of the revision, and had not given
    -- this verdict on it before: it is kept, but counts as nobody's own opinion.
    ADD COLUMN informed boolean NOT NULL DEFAULT false,
    -- The decision that this one repeats, because an undo brought back the very
    -- content that it was about as a new revision. Not a decision that anybody made.
    ADD COLUMN carries uuid;

-- Independent verdicts, as before; now without those two kinds.
DROP INDEX decisions_verdict_idx;
CREATE INDEX decisions_verdict_idx ON decisions (dataset_id, created_at)
    INCLUDE (id, example_id, revision, reviewer_id, verdict, new_revision)
    WHERE verdict IN ('approve', 'reject') AND kind IN ('review', 'second') AND NOT informed AND carries IS NULL;

-- In which assignment's queue the look was handed out last; null: in an ordinary one.
ALTER TABLE looks ADD COLUMN assignment_id uuid;

-- What was carried over is nobody's work of that day.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_decisions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    IF current_setting('spotter.restoring', true) = 'on' THEN
        RETURN NULL; -- the days come from the backup
    END IF;
    INSERT INTO decision_days (dataset_id, day, category, source_id, reviewer_id, verdict, reason, decisions, millis, timed)
    SELECT d.dataset_id, (d.created_at AT TIME ZONE 'UTC')::date, e.category, e.source_id, d.reviewer_id, d.verdict,
           CASE WHEN d.verdict = 'reject' THEN left(split_part(d.reason, ':', 1), 60) ELSE '' END,
           count(*), sum(d.millis), count(*) FILTER (WHERE d.millis > 0)
      FROM added d JOIN examples e ON e.dataset_id = d.dataset_id AND e.id = d.example_id
     WHERE d.carries IS NULL
     GROUP BY 1, 2, 3, 4, 5, 6, 7;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Sampling -----------------------------------------------------------------------------

-- A sample of what is approved already, for a lead who audits it; and what a series of
-- batches is called whose inspection is tightened or reduced by how they come out.
ALTER TABLE samples DROP CONSTRAINT samples_scope_check;
ALTER TABLE samples
    ADD CONSTRAINT samples_scope_check CHECK (scope IN ('pending', 'all', 'approved')),
    ADD COLUMN series text NOT NULL DEFAULT '';
CREATE INDEX samples_series_idx ON samples (dataset_id, series, id) WHERE series <> '';

-- +goose Down
-- There is no way down: restore a backup instead.
SELECT 1;
