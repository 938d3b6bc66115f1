-- +goose Up

-- Which process changed duplicate_keys last. One that knows what is in there
-- forgets it when another one has been at work.
CREATE TABLE duplicate_writers (
    dataset_id uuid NOT NULL,
    writer     uuid NOT NULL,
    PRIMARY KEY (dataset_id)
);

-- +goose Down
DROP TABLE duplicate_writers;
