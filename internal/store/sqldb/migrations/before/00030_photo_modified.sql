-- When the uploaded file was last modified; NULL when the client did not say.
-- +goose Up
ALTER TABLE photo ADD COLUMN modified_at BIGINT;
