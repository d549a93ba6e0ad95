-- An owner is one subject of one user pool. photos and bytes count what is
-- live, so that no request has to count a whole library.
-- +goose Up
CREATE TABLE owner (
    id         TEXT   NOT NULL PRIMARY KEY, -- our own UUID
    pool       TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,             -- all times: microseconds since 1970, UTC
    photos     BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,
    UNIQUE (pool, subject)
);
