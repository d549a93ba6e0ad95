-- What the caption inside the picture is worth for an upload that is not finished.
-- +goose Up
ALTER TABLE upload ADD COLUMN caption VARCHAR(16) NOT NULL DEFAULT '';
