-- What the client knows about the photo apart from its bytes, as JSON.
-- +goose Up
ALTER TABLE upload ADD COLUMN facts VARCHAR(1024) NOT NULL DEFAULT '';
