-- Whether the bytes were found missing or changed. The next upload of the photo replaces them.
-- +goose Up
ALTER TABLE photo ADD COLUMN damaged SMALLINT NOT NULL DEFAULT 0;
