-- One row per unfinished upload. Only the writer with the lease may append. A new lease
-- has a new generation, and changes of an older generation are refused.
-- +goose Up
CREATE TABLE upload (
    id                 TEXT   NOT NULL PRIMARY KEY,
    owner              TEXT   NOT NULL REFERENCES owner (id),
    photo              BLOB,            -- NULL when the client did not say
    length             BIGINT NOT NULL,
    name               BLOB   NOT NULL,
    description        TEXT   NOT NULL,
    description_source TEXT   NOT NULL,
    created_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL,
    writer             TEXT   NOT NULL,
    lease              BIGINT NOT NULL, -- how long a sign of life counts, microseconds
    leased_until       BIGINT NOT NULL,
    generation         BIGINT NOT NULL
);
