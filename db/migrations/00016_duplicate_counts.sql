-- +goose Up

-- How many groups there are and how many examples are in them, so that the page
-- does not count them. Whoever changes groups holds the lock of duplicates, so
-- the rows need no shards.
CREATE TABLE duplicate_counts (
    dataset_id uuid   NOT NULL,
    kind       text   NOT NULL,
    category   text   NOT NULL,
    groups     bigint NOT NULL,
    examples   bigint NOT NULL,
    PRIMARY KEY (dataset_id, kind, category)
);

INSERT INTO duplicate_counts (dataset_id, kind, category, groups, examples)
SELECT dataset_id, kind, category, count(*), sum(size) FROM duplicate_groups GROUP BY dataset_id, kind, category;

-- +goose StatementBegin
CREATE FUNCTION count_duplicate_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO duplicate_counts AS c (dataset_id, kind, category, groups, examples)
        SELECT dataset_id, kind, category, -count(*), -sum(size) FROM gone GROUP BY dataset_id, kind, category
        ON CONFLICT (dataset_id, kind, category) DO UPDATE SET groups = c.groups + excluded.groups, examples = c.examples + excluded.examples;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO duplicate_counts AS c (dataset_id, kind, category, groups, examples)
        SELECT dataset_id, kind, category, count(*), sum(size) FROM come GROUP BY dataset_id, kind, category
        ON CONFLICT (dataset_id, kind, category) DO UPDATE SET groups = c.groups + excluded.groups, examples = c.examples + excluded.examples;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER duplicate_groups_come AFTER INSERT ON duplicate_groups
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION count_duplicate_groups();
CREATE TRIGGER duplicate_groups_change AFTER UPDATE ON duplicate_groups
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION count_duplicate_groups();
CREATE TRIGGER duplicate_groups_go AFTER DELETE ON duplicate_groups
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_duplicate_groups();

-- +goose Down
DROP TRIGGER duplicate_groups_come ON duplicate_groups;
DROP TRIGGER duplicate_groups_change ON duplicate_groups;
DROP TRIGGER duplicate_groups_go ON duplicate_groups;
DROP FUNCTION count_duplicate_groups();
DROP TABLE duplicate_counts;
