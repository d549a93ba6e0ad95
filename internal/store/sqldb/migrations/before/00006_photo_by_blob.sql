-- The sweep looks up for every blob whether a row names it.
-- +goose Up
CREATE INDEX photo_by_blob ON photo (blob_key);
