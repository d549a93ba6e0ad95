-- The folder of a photo, and its tags. migrations/sqlite explains them. Each statement may be
-- repeated: MySQL does not know ADD COLUMN IF NOT EXISTS, so the columns are looked for.
-- +goose NO TRANSACTION
-- +goose Up

SET @add_columns = (SELECT CASE COUNT(*) WHEN 0
    THEN 'ALTER TABLE photo ADD COLUMN folder VARBINARY(4096) NOT NULL DEFAULT '''', ADD COLUMN tags TEXT NOT NULL DEFAULT ('''')'
    ELSE 'DO 0' END
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'photo' AND column_name = 'folder');

PREPARE add_columns FROM @add_columns;

EXECUTE add_columns;

-- Of an upload, the facts have them.
ALTER TABLE upload MODIFY COLUMN facts MEDIUMTEXT NOT NULL;

CREATE TABLE IF NOT EXISTS photo_tag (
    owner VARBINARY(64)  NOT NULL,
    tag   VARBINARY(100) NOT NULL,
    photo BIGINT         NOT NULL,
    PRIMARY KEY (owner, tag, photo),
    INDEX photo_tag_by_photo (photo),
    FOREIGN KEY (photo) REFERENCES photo (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
