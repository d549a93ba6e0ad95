-- +goose Up

-- Staged uploads of a blob store that cannot append to an object. Only the holder changes
-- a row. A row goes last: whatever of its bytes is in the blob store is found by it.
CREATE TABLE staged (
    name         TEXT     NOT NULL PRIMARY KEY,
    owner        TEXT     NOT NULL,
    blob_key     TEXT     NOT NULL, -- of the blob that the bytes become; empty until it is chosen
    multipart    TEXT     NOT NULL, -- the blob store's name of the multipart upload; empty: there is none
    claimed      INTEGER  NOT NULL, -- the last part number that was claimed; none is used twice
    size         BIGINT   NOT NULL, -- bytes in parts and tail
    tail         TEXT     NOT NULL, -- the object with the bytes after the parts; empty: there is none
    tail_size    BIGINT   NOT NULL,
    tails        SMALLINT NOT NULL, -- 1: there were tails, and some may be left over
    digest_state BLOB,              -- of all size bytes
    state        SMALLINT NOT NULL, -- 0 open, 1 the object blob_key has all bytes, 2 and its key was given out
    modified_at  BIGINT   NOT NULL,
    holder       TEXT     NOT NULL,
    held_until   BIGINT   NOT NULL
);

CREATE INDEX staged_by_key ON staged (blob_key);
