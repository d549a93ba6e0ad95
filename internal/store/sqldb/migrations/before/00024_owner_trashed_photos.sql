-- How many photos an owner has in the trash, for the quota.
-- +goose Up
ALTER TABLE owner ADD COLUMN trashed_photos BIGINT NOT NULL DEFAULT 0;
