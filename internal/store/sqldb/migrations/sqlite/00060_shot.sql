-- How a photo was taken: 0 and an empty text stand for what is not known. reader is the
-- version of the reader that found it; a newer one may find more.
-- +goose Up
ALTER TABLE photo ADD COLUMN exposure_time DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN aperture DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN iso INTEGER NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN focal_length DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN lens VARCHAR(128) NOT NULL DEFAULT '';
ALTER TABLE photo ADD COLUMN duration BIGINT NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN reader SMALLINT NOT NULL DEFAULT 0;
