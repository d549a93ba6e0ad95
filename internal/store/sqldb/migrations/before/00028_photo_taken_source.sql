-- Where taken_at came from. Before this migration it always came from the picture.
-- +goose Up
ALTER TABLE photo ADD COLUMN taken_source VARCHAR(16) NOT NULL DEFAULT 'embedded';
