-- +goose Up
-- The browsers in which users are signed in. The cookie of a session is not here: hash
-- and the key of sealed are both derived from it.
CREATE TABLE web_session (
    hash          BLOB         NOT NULL PRIMARY KEY,
    id            VARCHAR(64)  NOT NULL,
    owner         TEXT         NOT NULL REFERENCES owner (id),
    sealed        BLOB         NOT NULL,
    agent         VARCHAR(255) NOT NULL,
    created_at    BIGINT       NOT NULL,
    seen_at       BIGINT       NOT NULL,
    expires_at    BIGINT       NOT NULL,
    refresh_at    BIGINT       NOT NULL, -- when the access token should be exchanged
    access_until  BIGINT       NOT NULL, -- when it ends
    generation    BIGINT       NOT NULL, -- of claims of the exchange
    claimed_until BIGINT       NOT NULL, -- 0: nobody exchanges
    paused_until  BIGINT       NOT NULL  -- after an exchange that failed
);

CREATE INDEX web_session_by_owner ON web_session (owner, id);

CREATE INDEX web_session_by_expiry ON web_session (expires_at);
