-- One row per photo of an owner. The digest is binary: it is half the size of hex, and
-- every database compares it byte by byte, whatever its collation.
-- +goose Up
CREATE TABLE photo (
    number             INTEGER PRIMARY KEY,  -- rows lie in the order they came, whatever their digest
    owner              TEXT     NOT NULL REFERENCES owner (id),
    id                 BLOB     NOT NULL,    -- SHA-256
    state              SMALLINT NOT NULL,    -- 0 live, 1 trashed
    blob_key           TEXT     NOT NULL,
    name               BLOB     NOT NULL,    -- may hold any byte
    size               BIGINT   NOT NULL,
    media_type         TEXT     NOT NULL,
    width              INTEGER  NOT NULL,
    height             INTEGER  NOT NULL,
    taken_at           BIGINT   NOT NULL,    -- when unknown: the time of upload less 2^62, so that it sorts last
    taken_offset       INTEGER,              -- seconds east of UTC; NULL when the camera did not say
    camera             TEXT     NOT NULL,
    latitude           DOUBLE PRECISION,
    longitude          DOUBLE PRECISION,
    description        TEXT     NOT NULL,
    description_source TEXT     NOT NULL,
    folded             TEXT     NOT NULL,    -- name and description as search compares them
    uploaded_at        BIGINT   NOT NULL,
    trashed_at         BIGINT,
    purge_at           BIGINT,
    version            BIGINT   NOT NULL
);
