-- Whether the bytes were found missing or changed: the next upload of the photo brings them anew.
-- +goose Up
ALTER TABLE photo ADD COLUMN damaged SMALLINT NOT NULL DEFAULT 0;
