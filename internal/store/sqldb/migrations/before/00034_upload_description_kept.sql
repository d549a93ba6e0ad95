-- Whether a finished upload had a description that was not used.
-- +goose Up
ALTER TABLE upload ADD COLUMN description_kept SMALLINT NOT NULL DEFAULT 0;
