-- Folders are in gear too, which has another form since then: it is made again in the background.
-- +goose Up
UPDATE photo SET run = -1;

DELETE FROM search_gram;

DELETE FROM search_run;

-- 1: a photo with a higher number was not uploaded earlier.
ALTER TABLE search_run ADD COLUMN ordered SMALLINT NOT NULL DEFAULT 0;
