-- +goose Up
-- The browsers in which users are signed in.
CREATE TABLE IF NOT EXISTS web_session (
    hash          BINARY(32)    NOT NULL PRIMARY KEY,
    id            VARBINARY(64) NOT NULL,
    owner         VARBINARY(64) NOT NULL,
    sealed        BLOB          NOT NULL,
    agent         VARCHAR(255)  NOT NULL,
    created_at    BIGINT        NOT NULL,
    seen_at       BIGINT        NOT NULL,
    expires_at    BIGINT        NOT NULL,
    refresh_at    BIGINT        NOT NULL,
    access_until  BIGINT        NOT NULL,
    generation    BIGINT        NOT NULL,
    claimed_until BIGINT        NOT NULL,
    paused_until  BIGINT        NOT NULL,
    INDEX web_session_by_owner (owner, id),
    INDEX web_session_by_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
