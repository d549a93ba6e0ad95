-- What search looks in: folded is without accents from now on, and gear has camera and lens.
-- run says where the photo's text is indexed: 0 nowhere yet, -1 nowhere because folded and
-- gear have to be made first. New rows of an older photosd are such rows too.
-- +goose Up
ALTER TABLE photo ADD COLUMN gear TEXT NOT NULL DEFAULT '';
ALTER TABLE photo ADD COLUMN run BIGINT NOT NULL DEFAULT -1;
CREATE INDEX photo_by_run ON photo (run, owner, number);
