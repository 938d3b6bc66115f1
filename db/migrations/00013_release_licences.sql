-- +goose Up

-- The licences under which a release's rows came in, with how many rows each has:
-- written when the rows are frozen, and as immutable as they are. Releases from
-- before say nothing here, as their files do.
ALTER TABLE releases ADD COLUMN licences text NOT NULL DEFAULT '[]'; -- JSON: licence and rows

-- +goose Down
ALTER TABLE releases DROP COLUMN licences;
