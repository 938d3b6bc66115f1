-- +goose Up

-- The keys without their dataset, which goes into the hash instead: a third less
-- to write and to walk through. Scan fills the table anew, because the version of
-- the signatures changes with this.
DROP TABLE duplicate_keys;
CREATE TABLE duplicate_keys (
    key        bigint NOT NULL,
    example_id uuid   NOT NULL,
    PRIMARY KEY (key, example_id)
);

-- +goose Down
DROP TABLE duplicate_keys;
CREATE TABLE duplicate_keys (
    dataset_id uuid   NOT NULL,
    key        bigint NOT NULL,
    example_id uuid   NOT NULL,
    PRIMARY KEY (dataset_id, key, example_id)
);
