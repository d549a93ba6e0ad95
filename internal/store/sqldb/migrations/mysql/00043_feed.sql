-- What changed, in the order of the commits. migrations/sqlite explains it. Each statement may
-- be repeated.
-- +goose NO TRANSACTION
-- +goose Up

SET @add_columns = (SELECT CASE COUNT(*) WHEN 0
    THEN 'ALTER TABLE owner ADD COLUMN changes BIGINT NOT NULL DEFAULT 0, ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0, ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0'
    ELSE 'DO 0' END
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'owner' AND column_name = 'changes');

PREPARE add_columns FROM @add_columns;

EXECUTE add_columns;

CREATE TABLE IF NOT EXISTS feed (
    owner   VARBINARY(64) NOT NULL,
    number  BIGINT        NOT NULL,
    photo   BIGINT,
    id      BINARY(32),
    gone_at BIGINT,
    PRIMARY KEY (owner, number),
    UNIQUE INDEX feed_by_photo (photo),
    INDEX feed_by_gone (gone_at),
    FOREIGN KEY (photo) REFERENCES photo (number) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

DELETE FROM feed;

INSERT INTO feed (owner, number, photo, id, gone_at)
    SELECT owner, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY number), number,
        CASE state WHEN 0 THEN NULL ELSE id END, CASE state WHEN 0 THEN NULL ELSE trashed_at END FROM photo;

UPDATE owner SET changes = (SELECT COUNT(*) FROM photo WHERE photo.owner = owner.id);
