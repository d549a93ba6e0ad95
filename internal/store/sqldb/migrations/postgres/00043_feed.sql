-- What changed, in the order of the commits. migrations/sqlite explains it.
-- +goose Up

ALTER TABLE owner ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;

ALTER TABLE owner ADD COLUMN forgotten BIGINT NOT NULL DEFAULT 0;

ALTER TABLE owner ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

CREATE TABLE feed (
    owner   TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    photo   BIGINT UNIQUE REFERENCES photo (number) ON DELETE SET NULL,
    id      BYTEA,
    gone_at BIGINT,
    PRIMARY KEY (owner, number)
);

CREATE INDEX feed_by_gone ON feed (gone_at) WHERE gone_at IS NOT NULL;

INSERT INTO feed (owner, number, photo, id, gone_at)
    SELECT owner, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY number), number,
        CASE state WHEN 0 THEN NULL ELSE id END, CASE state WHEN 0 THEN NULL ELSE trashed_at END FROM photo;

UPDATE owner SET changes = (SELECT COUNT(*) FROM photo WHERE photo.owner = owner.id);
