-- +goose Up
-- The photos of links that are not live. migrations/sqlite explains them.
CREATE TABLE IF NOT EXISTS share_photo (
    hash     BINARY(32) NOT NULL,
    position BIGINT     NOT NULL,
    photo    BIGINT     NOT NULL,
    PRIMARY KEY (hash, position),
    INDEX share_photo_by_photo (photo, hash),
    FOREIGN KEY (hash) REFERENCES share_link (hash) ON DELETE CASCADE,
    FOREIGN KEY (photo) REFERENCES photo (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
