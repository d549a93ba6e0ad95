-- +goose Up
-- Links with which anyone can look at some photos. migrations/sqlite explains them.
CREATE TABLE IF NOT EXISTS share_link (
    hash       BINARY(32)    NOT NULL PRIMARY KEY,
    id         VARBINARY(16) NOT NULL,
    owner      VARBINARY(64) NOT NULL,
    title      VARCHAR(255)  NOT NULL,
    created_at BIGINT        NOT NULL,
    expires_at BIGINT        NOT NULL,
    revoked_at BIGINT,
    originals  SMALLINT      NOT NULL,
    live       SMALLINT      NOT NULL,
    search     TEXT          NOT NULL,
    sorted_by  VARCHAR(16)   NOT NULL,
    UNIQUE INDEX share_link_by_id (owner, id),
    INDEX share_link_by_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
