-- What search looks in: folded is without accents from now on, and gear has camera and lens.
-- run says where the photo's text is indexed: 0 nowhere yet, -1 nowhere because folded and
-- gear have to be made first. New rows of an older photosd are such rows too.
-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE photo
    ADD COLUMN IF NOT EXISTS gear MEDIUMTEXT NOT NULL DEFAULT (''),
    ADD COLUMN IF NOT EXISTS run BIGINT NOT NULL DEFAULT -1,
    ADD INDEX IF NOT EXISTS photo_by_run (run, owner);
