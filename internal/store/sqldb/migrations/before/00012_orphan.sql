-- Blobs that no row names, and since when the sweep has known.
-- +goose Up
CREATE TABLE orphan (
    blob_key TEXT   NOT NULL PRIMARY KEY,
    owner    TEXT   NOT NULL,
    seen_at  BIGINT NOT NULL
);
