-- The folder of a photo, and its tags. migrations/sqlite explains them.
-- +goose Up

ALTER TABLE photo ADD COLUMN folder TEXT NOT NULL DEFAULT '';

ALTER TABLE photo ADD COLUMN tags TEXT NOT NULL DEFAULT '';

-- Of an upload, the facts have them. SQLite does not bound a text by its type.
ALTER TABLE upload ALTER COLUMN facts TYPE TEXT;

CREATE TABLE photo_tag (
    owner TEXT   NOT NULL,
    tag   TEXT   NOT NULL,
    photo BIGINT NOT NULL REFERENCES photo (number) ON DELETE CASCADE,
    PRIMARY KEY (owner, tag, photo)
);

CREATE INDEX photo_tag_by_photo ON photo_tag (photo);
