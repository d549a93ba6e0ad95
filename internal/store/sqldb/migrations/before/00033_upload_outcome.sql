-- The outcome of a finished upload. Its row stays for a while, for clients that missed the answer.
-- +goose Up
ALTER TABLE upload ADD COLUMN outcome VARCHAR(16) NOT NULL DEFAULT '';
