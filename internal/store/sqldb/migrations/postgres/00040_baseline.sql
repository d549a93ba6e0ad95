-- The baseline creates the tables of a new database. migrations/sqlite explains them. All times are microseconds since 1970, UTC.
-- +goose Up

-- An owner is one subject of one user pool. photos and bytes count what is
-- live, so that no request has to count a whole library.
CREATE TABLE owner (
    id          TEXT   NOT NULL PRIMARY KEY, -- our own UUID
    pool        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    photos      BIGINT NOT NULL,
    bytes       BIGINT NOT NULL,
    disabled_at BIGINT,                      -- since when the owner is disabled; NULL: it is enabled
    trashed_photos BIGINT NOT NULL,          -- photos in the trash count towards the quota
    trashed_bytes  BIGINT NOT NULL,
    UNIQUE (pool, subject)
);

-- One row per photo of an owner. The digest is binary: it is half the size of hex.
CREATE TABLE photo (
    number             BIGINT      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner              TEXT        NOT NULL REFERENCES owner (id),
    id                 BYTEA       NOT NULL, -- SHA-256
    state              SMALLINT    NOT NULL, -- 0 live, 1 trashed
    blob_key           TEXT        NOT NULL,
    name               BYTEA       NOT NULL, -- may hold any byte
    size               BIGINT      NOT NULL,
    media_type         TEXT        NOT NULL,
    width              INTEGER     NOT NULL,
    height             INTEGER     NOT NULL,
    taken_at           BIGINT      NOT NULL, -- when unknown: the time of upload less 2^62, so that it sorts last
    taken_offset       INTEGER,              -- seconds east of UTC; NULL when the camera did not say
    camera             TEXT        NOT NULL,
    latitude           DOUBLE PRECISION,
    longitude          DOUBLE PRECISION,
    description        TEXT        NOT NULL,
    description_source TEXT        NOT NULL,
    folded             TEXT        NOT NULL, -- name and description as search compares them
    uploaded_at        BIGINT      NOT NULL,
    trashed_at         BIGINT,
    purge_at           BIGINT,
    version            BIGINT      NOT NULL,
    damaged            SMALLINT    NOT NULL, -- 1: the bytes were found missing or changed
    revision           BIGINT      NOT NULL, -- number of the description that the photo has now
    taken_source       VARCHAR(16) NOT NULL,
    position_source    VARCHAR(16) NOT NULL,
    modified_at        BIGINT                -- of the uploaded file; NULL when the client did not say
);

CREATE UNIQUE INDEX photo_by_id ON photo (owner, id);

-- Photos with the same time are ordered by their number.
CREATE INDEX photo_by_uploaded ON photo (owner, state, uploaded_at, number);

CREATE INDEX photo_by_taken ON photo (owner, state, taken_at, number);

-- The sweep looks up for every blob whether a row names it.
CREATE INDEX photo_by_blob ON photo (blob_key);

CREATE INDEX photo_by_purge ON photo (purge_at) WHERE purge_at IS NOT NULL;

-- The current and earlier descriptions of photos. A photo has no row here as long as it
-- still has the description of its upload.
CREATE TABLE revision (
    photo  BIGINT      NOT NULL REFERENCES photo (number) ON DELETE CASCADE,
    number BIGINT      NOT NULL, -- grows with each new text of the photo
    parent BIGINT      NOT NULL, -- the number that an undo goes back to; 0: none
    text   TEXT        NOT NULL,
    source VARCHAR(16) NOT NULL,
    set_at BIGINT      NOT NULL,
    PRIMARY KEY (photo, number)
);

-- One row per unfinished or recently finished upload. Only the writer with the lease may
-- append. A new lease has a new generation, and changes of an older generation are refused.
CREATE TABLE upload (
    id                 TEXT          NOT NULL PRIMARY KEY,
    owner              TEXT          NOT NULL REFERENCES owner (id),
    photo              BYTEA,                  -- NULL when the client did not say
    length             BIGINT        NOT NULL,
    name               BYTEA         NOT NULL,
    description        TEXT          NOT NULL,
    description_source TEXT          NOT NULL,
    created_at         BIGINT        NOT NULL,
    expires_at         BIGINT        NOT NULL,
    writer             TEXT          NOT NULL,
    lease              BIGINT        NOT NULL, -- how long the lease lives without renewal, in microseconds
    leased_until       BIGINT        NOT NULL,
    generation         BIGINT        NOT NULL,
    caption            VARCHAR(16)   NOT NULL, -- what the caption inside the picture is worth
    facts              VARCHAR(1024) NOT NULL, -- what the client knows about the photo apart from its bytes, as JSON
    digest_state       BYTEA,                  -- the state of the digest, so that the bytes need not be read again
    outcome            VARCHAR(16)   NOT NULL, -- of a finished upload; '' before
    description_kept   SMALLINT      NOT NULL  -- 1: a finished upload had a description that was not used
);

CREATE INDEX upload_by_photo ON upload (owner, photo);

CREATE INDEX upload_by_expiry ON upload (expires_at);

-- Blobs that no row names, and when the sweep found them.
CREATE TABLE orphan (
    blob_key TEXT   NOT NULL PRIMARY KEY,
    owner    TEXT   NOT NULL,
    seen_at  BIGINT NOT NULL
);

-- Access keys stand for an owner on machines without a user. A revoked key
-- has no row.
CREATE TABLE access_key (
    hash         BYTEA       NOT NULL PRIMARY KEY, -- SHA-256 of the secret, which is not kept
    owner        TEXT        NOT NULL REFERENCES owner (id),
    name         VARCHAR(64) NOT NULL,
    scope        VARCHAR(16) NOT NULL,
    created_at   BIGINT      NOT NULL,
    expires_at   BIGINT,                           -- NULL: never
    last_used_at BIGINT,                           -- NULL: never
    UNIQUE (owner, name)
);
