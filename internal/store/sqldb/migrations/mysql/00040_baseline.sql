-- The baseline creates the tables of a new database. migrations/sqlite explains them. Each
-- of these statements ends a transaction, so each can be repeated after a start that was
-- killed halfway.
-- +goose NO TRANSACTION
-- +goose Up

-- An owner is one subject of one user pool. migrations/sqlite explains the columns.
-- Strings from clients are binary: a collation would treat 'ada' and 'ada ' as equal.
-- There are no foreign keys to owner. Each insert would lock the owner's row for transactions
-- that update its counts, and two of them would end in a deadlock. Owners are never removed.
CREATE TABLE IF NOT EXISTS owner (
    id          VARBINARY(64)  NOT NULL PRIMARY KEY,
    pool        VARBINARY(512) NOT NULL,
    subject     VARBINARY(255) NOT NULL,
    created_at  BIGINT         NOT NULL,
    photos      BIGINT         NOT NULL,
    bytes       BIGINT         NOT NULL,
    disabled_at BIGINT,
    trashed_photos BIGINT      NOT NULL,
    trashed_bytes  BIGINT      NOT NULL,
    UNIQUE (pool, subject)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per photo of an owner.
CREATE TABLE IF NOT EXISTS photo (
    number             BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    owner              VARBINARY(64)  NOT NULL,
    id                 BINARY(32)     NOT NULL,
    state              SMALLINT       NOT NULL,
    blob_key           VARBINARY(255) NOT NULL,
    name               BLOB           NOT NULL,
    size               BIGINT         NOT NULL,
    media_type         VARCHAR(255)   NOT NULL,
    width              INTEGER        NOT NULL,
    height             INTEGER        NOT NULL,
    taken_at           BIGINT         NOT NULL,
    taken_offset       INTEGER,
    camera             TEXT           NOT NULL,
    latitude           DOUBLE PRECISION,
    longitude          DOUBLE PRECISION,
    description        TEXT           NOT NULL,
    description_source VARCHAR(16)    NOT NULL,
    folded             MEDIUMTEXT     NOT NULL,
    uploaded_at        BIGINT         NOT NULL,
    trashed_at         BIGINT,
    purge_at           BIGINT,
    version            BIGINT         NOT NULL,
    damaged            SMALLINT       NOT NULL,
    revision           BIGINT         NOT NULL,
    taken_source       VARCHAR(16)    NOT NULL,
    position_source    VARCHAR(16)    NOT NULL,
    modified_at        BIGINT,
    UNIQUE INDEX photo_by_id (owner, id),
    INDEX photo_by_uploaded (owner, state, uploaded_at, number),
    INDEX photo_by_taken (owner, state, taken_at, number),
    INDEX photo_by_blob (blob_key),
    INDEX photo_by_purge (purge_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The current and earlier descriptions of photos.
CREATE TABLE IF NOT EXISTS revision (
    photo  BIGINT      NOT NULL,
    number BIGINT      NOT NULL,
    parent BIGINT      NOT NULL,
    text   TEXT        NOT NULL,
    source VARCHAR(16) NOT NULL,
    set_at BIGINT      NOT NULL,
    PRIMARY KEY (photo, number),
    FOREIGN KEY (photo) REFERENCES photo (number) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per unfinished or recently finished upload.
CREATE TABLE IF NOT EXISTS upload (
    id                 VARBINARY(255)  NOT NULL PRIMARY KEY,
    owner              VARBINARY(64)   NOT NULL,
    photo              BINARY(32),
    length             BIGINT          NOT NULL,
    name               BLOB            NOT NULL,
    description        TEXT            NOT NULL,
    description_source VARCHAR(16)     NOT NULL,
    created_at         BIGINT          NOT NULL,
    expires_at         BIGINT          NOT NULL,
    writer             VARBINARY(1024) NOT NULL,
    lease              BIGINT          NOT NULL,
    leased_until       BIGINT          NOT NULL,
    generation         BIGINT          NOT NULL,
    caption            VARCHAR(16)     NOT NULL,
    facts              VARCHAR(1024)   NOT NULL,
    digest_state       BLOB,
    outcome            VARCHAR(16)     NOT NULL,
    description_kept   SMALLINT        NOT NULL,
    INDEX upload_by_photo (owner, photo),
    INDEX upload_by_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Blobs that no row names, and when the sweep found them.
CREATE TABLE IF NOT EXISTS orphan (
    blob_key VARBINARY(255) NOT NULL PRIMARY KEY,
    owner    VARBINARY(64)  NOT NULL,
    seen_at  BIGINT         NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Access keys stand for an owner on machines without a user.
CREATE TABLE IF NOT EXISTS access_key (
    hash         BINARY(32)     NOT NULL PRIMARY KEY,
    owner        VARBINARY(64)  NOT NULL,
    name         VARBINARY(255) NOT NULL,
    scope        VARCHAR(16)    NOT NULL,
    created_at   BIGINT         NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    UNIQUE (owner, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
