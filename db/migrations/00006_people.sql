-- +goose Up

-- Comments stay as they were said; the demo's go with the demo.
-- +goose StatementBegin
CREATE FUNCTION refuse_comment_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('spotter.removing_demo', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'comments is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER comments_append_only BEFORE UPDATE OR DELETE ON comments FOR EACH ROW EXECUTE FUNCTION refuse_comment_change();

-- Work that a lead gave to people: a shelf (a category, or one subcategory of
-- it), an import, or a list of examples.
CREATE TABLE assignments (
    dataset_id  uuid        NOT NULL,
    id          uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('shelf', 'import', 'examples')),
    category    text        NOT NULL DEFAULT '', -- kind 'shelf'
    subcategory text        NOT NULL DEFAULT '', -- kind 'shelf'; empty: the whole category
    import_id   uuid,                            -- kind 'import'
    examples    integer     NOT NULL DEFAULT 0,  -- kind 'examples': how many are in assignment_examples
    title       text        NOT NULL,            -- what it is, in words
    origin      text        NOT NULL DEFAULT '', -- kind 'examples': path of the search it was made from
    note        text        NOT NULL DEFAULT '',
    due         date,
    everybody   boolean     NOT NULL DEFAULT false, -- else those in assignment_people
    author_id   uuid        NOT NULL,
    author      text        NOT NULL, -- the name at that time
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    ended_by    text        NOT NULL DEFAULT '',
    PRIMARY KEY (dataset_id, id)
);
CREATE INDEX assignments_open_idx ON assignments (dataset_id, id) WHERE ended_at IS NULL;

CREATE TABLE assignment_people (
    dataset_id    uuid NOT NULL,
    assignment_id uuid NOT NULL,
    user_id       uuid NOT NULL,
    PRIMARY KEY (dataset_id, assignment_id, user_id)
);
CREATE INDEX assignment_people_user_idx ON assignment_people (dataset_id, user_id);

CREATE TABLE assignment_examples (
    dataset_id    uuid NOT NULL,
    assignment_id uuid NOT NULL,
    example_id    uuid NOT NULL,
    PRIMARY KEY (dataset_id, assignment_id, example_id)
);
CREATE INDEX assignment_examples_example_idx ON assignment_examples (dataset_id, example_id);

-- What of an import waits: for claims within an assignment, and to say how far
-- it is without walking over what is decided.
CREATE INDEX examples_import_pending_idx ON examples (dataset_id, import_id, id) WHERE status = 'pending';

-- The record by who acted and by what was acted on.
CREATE INDEX audit_log_actor_idx ON audit_log (actor_id, at DESC, id DESC);
CREATE INDEX audit_log_object_idx ON audit_log (object, at DESC, id DESC);

-- +goose Down
DROP INDEX audit_log_object_idx, audit_log_actor_idx, examples_import_pending_idx;
DROP TABLE assignment_examples, assignment_people, assignments;
DROP TRIGGER comments_append_only ON comments;
DROP FUNCTION refuse_comment_change;
