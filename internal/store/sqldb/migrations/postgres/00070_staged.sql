-- +goose Up

-- Staged uploads of a blob store that cannot append to an object, see migrations/sqlite.
CREATE TABLE staged (
    name         TEXT     NOT NULL PRIMARY KEY,
    owner        TEXT     NOT NULL,
    blob_key     TEXT     NOT NULL,
    multipart    TEXT     NOT NULL,
    claimed      INTEGER  NOT NULL,
    size         BIGINT   NOT NULL,
    tail         TEXT     NOT NULL,
    tail_size    BIGINT   NOT NULL,
    tails        SMALLINT NOT NULL,
    digest_state BYTEA,
    state        SMALLINT NOT NULL,
    modified_at  BIGINT   NOT NULL,
    holder       TEXT     NOT NULL,
    held_until   BIGINT   NOT NULL
);

CREATE INDEX staged_by_key ON staged (blob_key);
