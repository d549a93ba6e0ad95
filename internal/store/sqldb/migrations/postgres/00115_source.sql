-- The source of a description may be the name of a program: command:NAME, at most 63 characters.
-- +goose Up
ALTER TABLE revision ALTER COLUMN source TYPE VARCHAR(63);
