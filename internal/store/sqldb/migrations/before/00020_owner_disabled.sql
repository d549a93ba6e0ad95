-- Since when the owner is disabled; NULL: it is enabled.
-- +goose Up
ALTER TABLE owner ADD COLUMN disabled_at BIGINT;
