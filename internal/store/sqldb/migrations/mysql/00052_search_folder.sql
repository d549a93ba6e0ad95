-- Folders are in gear too, which has another form since then: it is made again in the background.
-- Each statement may be repeated: MySQL does not know ADD COLUMN IF NOT EXISTS, so the column is
-- looked for.
-- +goose NO TRANSACTION
-- +goose Up
UPDATE photo SET run = -1;

DELETE FROM search_gram;

DELETE FROM search_run;

SET @add_column = (SELECT CASE COUNT(*) WHEN 0
    THEN 'ALTER TABLE search_run ADD COLUMN ordered SMALLINT NOT NULL DEFAULT 0'
    ELSE 'DO 0' END
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'search_run' AND column_name = 'ordered');

PREPARE add_column FROM @add_column;

EXECUTE add_column;
