-- Where taken_at came from. Until now it was the picture itself, always.
-- +goose Up
ALTER TABLE photo ADD COLUMN taken_source VARCHAR(16) NOT NULL DEFAULT 'embedded';
