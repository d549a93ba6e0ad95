-- How far the digest of an unfinished upload has come, so that nobody reads its bytes again.
-- +goose Up
ALTER TABLE upload ADD COLUMN digest_state BLOB;
