-- How a photo was taken: 0 and an empty text stand for what is not known. reader is the
-- version of the reader that found it; a newer one may find more.
-- +goose Up
ALTER TABLE photo
    ADD COLUMN IF NOT EXISTS exposure_time DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS aperture DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS iso INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS focal_length DOUBLE PRECISION NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS lens VARCHAR(128) NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS duration BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS reader SMALLINT NOT NULL DEFAULT 0;
