-- +goose Up
-- Links with which anyone can look at some photos. The secret part of an address is not here.
CREATE TABLE share_link (
    hash       BYTEA       NOT NULL PRIMARY KEY, -- SHA-256 of the secret
    id         VARCHAR(16) NOT NULL,             -- names the link in lists
    owner      TEXT        NOT NULL REFERENCES owner (id),
    title      TEXT        NOT NULL,
    created_at BIGINT      NOT NULL,
    expires_at BIGINT      NOT NULL,
    revoked_at BIGINT,               -- NULL: it was not revoked
    originals  SMALLINT    NOT NULL, -- 1: the files can be downloaded too
    live       SMALLINT    NOT NULL, -- 1: it shows what search finds
    search     TEXT        NOT NULL,
    sorted_by  VARCHAR(16) NOT NULL,
    UNIQUE (owner, id)
);

CREATE INDEX share_link_by_expiry ON share_link (expires_at);
