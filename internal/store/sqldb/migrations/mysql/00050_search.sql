-- What search looks in: folded is without accents from now on, and gear has camera and lens.
-- run says where the photo's text is indexed: 0 nowhere yet, -1 nowhere because folded and
-- gear have to be made first. New rows of an older photosd are such rows too. The statement may
-- be repeated: MySQL does not know ADD COLUMN IF NOT EXISTS, so the columns are looked for.
-- +goose NO TRANSACTION
-- +goose Up
SET @add_columns = (SELECT CASE COUNT(*) WHEN 0
    THEN 'ALTER TABLE photo ADD COLUMN gear MEDIUMTEXT NOT NULL DEFAULT (''''), ADD COLUMN run BIGINT NOT NULL DEFAULT -1, ADD INDEX photo_by_run (run, owner)'
    ELSE 'DO 0' END
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'photo' AND column_name = 'run');

PREPARE add_columns FROM @add_columns;

EXECUTE add_columns;
