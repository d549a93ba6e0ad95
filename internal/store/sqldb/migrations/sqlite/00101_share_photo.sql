-- +goose Up
-- The photos of links that are not live. Those in the trash stay, because they may be restored.
CREATE TABLE share_photo (
    hash     BLOB   NOT NULL REFERENCES share_link (hash) ON DELETE CASCADE,
    position BIGINT NOT NULL, -- from 1
    photo    BIGINT NOT NULL REFERENCES photo (number) ON DELETE CASCADE,
    PRIMARY KEY (hash, position)
) WITHOUT ROWID;

CREATE INDEX share_photo_by_photo ON share_photo (photo, hash);
