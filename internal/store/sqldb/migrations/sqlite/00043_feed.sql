-- What changed, in the order of the commits. Each change of a photo takes the next number of
-- its owner, who counts them in the row that every change of the photos locks anyway. A photo
-- has one row, at the number of its latest change.
-- +goose Up

ALTER TABLE owner ADD COLUMN changes BIGINT NOT NULL DEFAULT 0; -- the latest number

ALTER TABLE owner ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0; -- deletions up to this number may be missing

ALTER TABLE owner ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0; -- which history the numbers belong to; a restored backup begins another

CREATE TABLE feed (
    owner   TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    photo   BIGINT UNIQUE REFERENCES photo (number) ON DELETE SET NULL, -- NULL: it was purged
    id      BLOB,          -- of a photo that is deleted
    gone_at BIGINT,        -- when it was deleted; NULL: it is live
    PRIMARY KEY (owner, number)
) WITHOUT ROWID;

CREATE INDEX feed_by_gone ON feed (gone_at) WHERE gone_at IS NOT NULL;

INSERT INTO feed (owner, number, photo, id, gone_at)
    SELECT owner, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY number), number,
        CASE state WHEN 0 THEN NULL ELSE id END, CASE state WHEN 0 THEN NULL ELSE trashed_at END FROM photo;

UPDATE owner SET changes = (SELECT COUNT(*) FROM photo WHERE photo.owner = owner.id);
