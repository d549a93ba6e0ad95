-- The number of the description that a photo has now.
-- +goose Up
ALTER TABLE photo ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
