-- Small pictures (renditions) of photos, and the work that is done on photos in the background.
-- MySQL does not know ADD COLUMN IF NOT EXISTS, so the columns are looked for.
-- +goose NO TRANSACTION
-- +goose Up
-- maker is the version of the program that made the renditions. rendition is their state:
-- 0 pending, 1 ready, 2 refused, 3 no decoder. rendition_key is the blob that has them.
-- color is the average color, red first; look is the perceptual digest, NULL until it is known.
SET @add_columns = (SELECT CASE COUNT(*) WHEN 0
    THEN 'ALTER TABLE photo
    ADD COLUMN maker SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN rendition SMALLINT NOT NULL DEFAULT 0,
    ADD COLUMN rendition_key VARBINARY(255),
    ADD COLUMN color INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN look BIGINT,
    ADD INDEX photo_by_rendition (rendition_key),
    ADD INDEX photo_by_look (owner, state, look)'
    ELSE 'DO 0' END
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'photo' AND column_name = 'look');

PREPARE add_columns FROM @add_columns;

EXECUTE add_columns;

-- Photos on which work is to be done: renditions are to be made, or metadata is to be read
-- again. Whoever claims one moves due_at on; attempts counts the claims.
CREATE TABLE IF NOT EXISTS work (
    photo    BIGINT   NOT NULL PRIMARY KEY,
    due_at   BIGINT   NOT NULL,
    attempts SMALLINT NOT NULL,
    FOREIGN KEY (photo) REFERENCES photo (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How far the search for photos has come that an older version looked at: one row.
CREATE TABLE IF NOT EXISTS backlog (
    id       SMALLINT     NOT NULL PRIMARY KEY,
    reader   SMALLINT     NOT NULL,
    maker    SMALLINT     NOT NULL,
    decoders VARCHAR(255) NOT NULL, -- the programs that decode pictures
    position BIGINT       NOT NULL  -- number of the last photo that was looked at
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
