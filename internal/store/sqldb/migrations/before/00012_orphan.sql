-- Blobs that no row names, and when the sweep found them.
-- +goose Up
CREATE TABLE orphan (
    blob_key TEXT   NOT NULL PRIMARY KEY,
    owner    TEXT   NOT NULL,
    seen_at  BIGINT NOT NULL
);
