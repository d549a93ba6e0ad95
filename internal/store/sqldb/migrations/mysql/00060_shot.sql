-- How a photo was taken: 0 and an empty text stand for what is not known. reader is the
-- version of the reader that found it; a newer one may find more.
-- MySQL does not know ADD COLUMN IF NOT EXISTS, so the columns are looked for.
-- +goose NO TRANSACTION
-- +goose Up
SET @add_columns = (SELECT CASE COUNT(*) WHEN 0
    THEN 'ALTER TABLE photo
    ADD COLUMN exposure_time DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN aperture DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN iso INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN focal_length DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN lens VARCHAR(128) NOT NULL DEFAULT '''',
    ADD COLUMN duration BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN reader SMALLINT NOT NULL DEFAULT 0'
    ELSE 'DO 0' END
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'photo' AND column_name = 'reader');

PREPARE add_columns FROM @add_columns;

EXECUTE add_columns;
