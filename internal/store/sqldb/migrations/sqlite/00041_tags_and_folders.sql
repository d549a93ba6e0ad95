-- The folder of a photo, and its tags. photo.tags has them for whoever reads the photo, one
-- per line and sorted; photo_tag has the same ones, also of photos in the trash, for whoever
-- looks for the photos that have a tag.
-- +goose Up

ALTER TABLE photo ADD COLUMN folder TEXT NOT NULL DEFAULT ''; -- like 2024/holiday; photo.CleanFolder has the form

ALTER TABLE photo ADD COLUMN tags TEXT NOT NULL DEFAULT '';

CREATE TABLE photo_tag (
    owner TEXT   NOT NULL,
    tag   TEXT   NOT NULL, -- as package tag normalizes it, at most 100 bytes
    photo BIGINT NOT NULL REFERENCES photo (number) ON DELETE CASCADE,
    PRIMARY KEY (owner, tag, photo)
) WITHOUT ROWID;

CREATE INDEX photo_tag_by_photo ON photo_tag (photo);
