-- How many bytes these photos have.
-- +goose Up
ALTER TABLE owner ADD COLUMN trashed_bytes BIGINT NOT NULL DEFAULT 0;
