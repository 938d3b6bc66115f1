-- +goose Up

-- What independent verdicts, hidden looks and the order of the queue need
-- (docs/review.md).

-- Of which look this lease is; null: the ordinary queue.
ALTER TABLE leases ADD COLUMN look_id uuid;

-- What a reviewer would have written, where a decision must not change the
-- example: canonical JSON of the messages, or empty.
ALTER TABLE decisions ADD COLUMN proposal text NOT NULL DEFAULT '';

-- How soon an example should be looked at, computed by the database from what is
-- known of it, so that every way of writing an example keeps it right: errors
-- before warnings, a finding of the search for duplicates counts more than
-- another warning, and so does an answer that is less sure than its kind should
-- be (doubt, 0 to 20).
DROP INDEX examples_queue_idx;
ALTER TABLE examples
    DROP COLUMN suspicion,
    ADD COLUMN duplicates smallint NOT NULL DEFAULT 0, -- of the findings, those of the search for duplicates
    ADD COLUMN doubt smallint NOT NULL DEFAULT 0;
ALTER TABLE examples
    ADD COLUMN suspicion smallint NOT NULL GENERATED ALWAYS AS
        ((100 * least(errors::integer, 9) + 10 * least(warnings::integer, 9) + 25 * least(duplicates::integer, 3) + least(doubt::integer, 20))::smallint) STORED;

-- Descending by way of the sign, so that "after this example" is one range of it.
CREATE INDEX examples_queue_idx ON examples (dataset_id, category, subcategory, ((-suspicion)::smallint), id) WHERE status = 'pending';

UPDATE examples e SET duplicates = least(n.found, 32767)
  FROM (SELECT f.dataset_id, f.example_id, f.revision, count(*) AS found FROM findings f
         WHERE f.rule IN ('duplicate/near', 'duplicate/contradiction') AND NOT f.waived AND f.severity <> 'info' GROUP BY 1, 2, 3) AS n
 WHERE e.dataset_id = n.dataset_id AND e.id = n.example_id AND e.revision = n.revision;

-- Gold examples that are in use.
CREATE INDEX golds_open_idx ON golds (dataset_id, example_id) WHERE retired_at IS NULL;

-- +goose Down
DROP INDEX golds_open_idx, examples_queue_idx;
ALTER TABLE examples DROP COLUMN suspicion, DROP COLUMN doubt, DROP COLUMN duplicates;
ALTER TABLE examples ADD COLUMN suspicion smallint NOT NULL DEFAULT 0;
CREATE INDEX examples_queue_idx ON examples (dataset_id, category, subcategory, suspicion DESC, id) WHERE status = 'pending';
ALTER TABLE decisions DROP COLUMN proposal;
ALTER TABLE leases DROP COLUMN look_id;
