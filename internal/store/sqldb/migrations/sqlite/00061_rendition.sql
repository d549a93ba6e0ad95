-- Small pictures (renditions) of photos, and the work that is done on photos in the background.
-- +goose Up
-- maker is the version of the program that made the renditions. rendition is their state:
-- 0 pending, 1 ready, 2 refused, 3 no decoder. rendition_key is the blob that has them.
-- color is the average color, red first; look is the perceptual digest, NULL until it is known.
ALTER TABLE photo ADD COLUMN maker SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN rendition SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN rendition_key TEXT;
ALTER TABLE photo ADD COLUMN color INTEGER NOT NULL DEFAULT 0;
ALTER TABLE photo ADD COLUMN look BIGINT;

CREATE INDEX photo_by_rendition ON photo (rendition_key) WHERE rendition_key IS NOT NULL;

CREATE INDEX photo_by_look ON photo (owner, state, look) WHERE look IS NOT NULL;

-- Photos on which work is to be done: renditions are to be made, or metadata is to be read
-- again. Whoever claims one moves due_at on; attempts counts the claims.
CREATE TABLE work (
    photo    INTEGER  NOT NULL PRIMARY KEY REFERENCES photo (number) ON DELETE CASCADE,
    due_at   BIGINT   NOT NULL,
    attempts SMALLINT NOT NULL
);

-- How far the search for photos has come that an older version looked at: one row.
CREATE TABLE backlog (
    id       SMALLINT     NOT NULL PRIMARY KEY,
    reader   SMALLINT     NOT NULL,
    maker    SMALLINT     NOT NULL,
    decoders VARCHAR(255) NOT NULL, -- the programs that decode pictures
    position BIGINT       NOT NULL  -- number of the last photo that was looked at
);
