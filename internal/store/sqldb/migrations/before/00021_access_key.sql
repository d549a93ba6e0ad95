-- Access keys stand for an owner on machines without a user. A revoked key
-- has no row.
-- +goose Up
CREATE TABLE access_key (
    hash         BLOB         NOT NULL PRIMARY KEY, -- SHA-256 of the secret, which nobody keeps
    owner        TEXT         NOT NULL REFERENCES owner (id),
    name         VARCHAR(64)  NOT NULL,
    scope        VARCHAR(16)  NOT NULL,
    created_at   BIGINT       NOT NULL,
    expires_at   BIGINT,                            -- NULL: never
    last_used_at BIGINT,                            -- NULL: never
    UNIQUE (owner, name)
);
