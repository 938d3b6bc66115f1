-- +goose Up

-- Releases: which revision of which example, in which split and in which order,
-- for ever. A release is a draft until its items are frozen; what was frozen never
-- changes, a trigger says so.
CREATE TABLE releases (
    dataset_id       uuid        NOT NULL,
    id               uuid        NOT NULL,
    name             text        NOT NULL,
    notes            text        NOT NULL DEFAULT '',
    supersedes       uuid,
    spec             text        NOT NULL, -- JSON: filters, caps and floors, splits, seed, presets
    state            text        NOT NULL CHECK (state IN ('draft', 'held', 'frozen', 'built', 'failed', 'discarded')),
    preflight        text        NOT NULL DEFAULT '[]', -- JSON: the lines, as last found
    override_reason  text        NOT NULL DEFAULT '',   -- why red lines do not hold it
    override_by      uuid,
    override_author  text        NOT NULL DEFAULT '',
    items            bigint      NOT NULL DEFAULT 0,
    tokens           bigint      NOT NULL DEFAULT 0,
    shape            text        NOT NULL DEFAULT '[]', -- JSON: rows and tokens by split, category, subcategory
    catalog_version  integer     NOT NULL DEFAULT 0,
    rules_version    text        NOT NULL DEFAULT '',
    demo             boolean     NOT NULL DEFAULT false, -- holds demo examples and goes with them
    step             text        NOT NULL DEFAULT '',    -- what the job is at
    done             bigint      NOT NULL DEFAULT 0,     -- of total, in that step
    total            bigint      NOT NULL DEFAULT 0,
    worker           uuid,
    heartbeat_at     timestamptz,
    error            text        NOT NULL DEFAULT '',
    created_by       uuid,
    author           text        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    frozen_at        timestamptz,
    built_at         timestamptz,
    withdrawn_at     timestamptz,
    withdrawn_by     text        NOT NULL DEFAULT '',
    withdrawn_reason text        NOT NULL DEFAULT '',
    PRIMARY KEY (dataset_id, id)
);
-- A draft that was discarded gives its name back.
CREATE UNIQUE INDEX releases_name_key ON releases (dataset_id, name) WHERE state <> 'discarded';

-- No foreign key to releases, and so in a backup before it: a restore may put
-- items in, which the trigger refuses once their release is there and frozen.
CREATE TABLE release_items (
    dataset_id uuid    NOT NULL,
    release_id uuid    NOT NULL,
    position   integer NOT NULL, -- from 1, the splits one after the other
    example_id uuid    NOT NULL,
    revision   integer NOT NULL,
    split      text    NOT NULL,
    PRIMARY KEY (dataset_id, release_id, position)
);
CREATE INDEX release_items_example_idx ON release_items (dataset_id, example_id, release_id);

-- What each file must be, byte for byte.
CREATE TABLE release_files (
    dataset_id uuid   NOT NULL,
    release_id uuid   NOT NULL,
    name       text   NOT NULL,
    bytes      bigint NOT NULL,
    sha256     bytea  NOT NULL,
    rows       bigint NOT NULL DEFAULT 0, -- of a training file or of the provenance
    kept       boolean NOT NULL, -- its bytes are in release_kept; else they are made from the items
    PRIMARY KEY (dataset_id, release_id, name)
);

-- The bytes of files that describe the moment of the release (provenance, reports,
-- manifest), which can't be made again later. In pieces, compressed with zstd.
CREATE TABLE release_kept (
    dataset_id uuid    NOT NULL,
    release_id uuid    NOT NULL,
    name       text    NOT NULL,
    ordinal    integer NOT NULL,
    data       bytea   NOT NULL,
    PRIMARY KEY (dataset_id, release_id, name, ordinal)
);
ALTER TABLE release_kept ALTER COLUMN data SET STORAGE EXTERNAL; -- already compressed

-- Once frozen only the progress of the build and a withdrawal are written, and a
-- release that is built or withdrawn stays so.
-- +goose StatementBegin
CREATE FUNCTION refuse_release_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free CONSTANT text[] := ARRAY['state', 'step', 'done', 'total', 'worker', 'heartbeat_at', 'error', 'built_at',
                                  'withdrawn_at', 'withdrawn_by', 'withdrawn_reason'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('spotter.removing_demo', true) = 'on' AND OLD.demo THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.frozen_at IS NULL THEN
        IF (NEW.id, NEW.name, NEW.spec, NEW.created_at) = (OLD.id, OLD.name, OLD.spec, OLD.created_at) THEN
            RETURN NEW;
        END IF;
    ELSIF to_jsonb(NEW) - free = to_jsonb(OLD) - free
          AND (NEW.state = OLD.state OR OLD.state IN ('frozen', 'failed') AND NEW.state IN ('frozen', 'failed', 'built'))
          AND (OLD.built_at IS NULL OR NEW.built_at = OLD.built_at)
          AND (OLD.withdrawn_at IS NULL
               OR (NEW.withdrawn_at, NEW.withdrawn_by, NEW.withdrawn_reason) = (OLD.withdrawn_at, OLD.withdrawn_by, OLD.withdrawn_reason)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'release % is immutable: % refused', OLD.name, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_release_row_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('spotter.removing_demo', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is immutable: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_late_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT dataset_id, release_id FROM added) AS a
                 JOIN releases r ON r.dataset_id = a.dataset_id AND r.id = a.release_id
                WHERE r.frozen_at IS NOT NULL) THEN
        RAISE EXCEPTION '% is immutable: INSERT refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse_late_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT dataset_id, release_id FROM added) AS a
                 JOIN releases r ON r.dataset_id = a.dataset_id AND r.id = a.release_id
                WHERE r.built_at IS NOT NULL) THEN
        RAISE EXCEPTION '% is immutable: INSERT refused', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER releases_immutable BEFORE UPDATE OR DELETE ON releases FOR EACH ROW EXECUTE FUNCTION refuse_release_change();
CREATE TRIGGER release_items_immutable BEFORE UPDATE OR DELETE ON release_items FOR EACH ROW EXECUTE FUNCTION refuse_release_row_change();
CREATE TRIGGER release_files_immutable BEFORE UPDATE OR DELETE ON release_files FOR EACH ROW EXECUTE FUNCTION refuse_release_row_change();
CREATE TRIGGER release_kept_immutable BEFORE UPDATE OR DELETE ON release_kept FOR EACH ROW EXECUTE FUNCTION refuse_release_row_change();
CREATE TRIGGER release_items_late AFTER INSERT ON release_items
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_items();
CREATE TRIGGER release_files_late AFTER INSERT ON release_files
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_files();
CREATE TRIGGER release_kept_late AFTER INSERT ON release_kept
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_files();
CREATE TRIGGER releases_stay BEFORE TRUNCATE ON releases FOR EACH STATEMENT EXECUTE FUNCTION refuse_release_row_change();
CREATE TRIGGER release_items_stay BEFORE TRUNCATE ON release_items FOR EACH STATEMENT EXECUTE FUNCTION refuse_release_row_change();
CREATE TRIGGER release_files_stay BEFORE TRUNCATE ON release_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_release_row_change();
CREATE TRIGGER release_kept_stay BEFORE TRUNCATE ON release_kept FOR EACH STATEMENT EXECUTE FUNCTION refuse_release_row_change();

-- +goose Down
DROP TABLE release_kept, release_files, release_items, releases;
DROP FUNCTION refuse_release_change, refuse_release_row_change, refuse_late_items, refuse_late_files;
