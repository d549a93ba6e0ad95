-- The state of the digest of an unfinished upload, so that its bytes need not be read again.
-- +goose Up
ALTER TABLE upload ADD COLUMN digest_state BLOB;
