-- Where the position came from.
-- +goose Up
ALTER TABLE photo ADD COLUMN position_source VARCHAR(16) NOT NULL DEFAULT 'embedded';
