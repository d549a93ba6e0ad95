-- Since when the operator refuses the owner; NULL: not at all.
-- +goose Up
ALTER TABLE owner ADD COLUMN disabled_at BIGINT;
