-- +goose NO TRANSACTION
-- +goose Up

-- Staged uploads of a blob store that cannot append to an object, see migrations/sqlite.
CREATE TABLE IF NOT EXISTS staged (
    name         VARBINARY(255)  NOT NULL PRIMARY KEY,
    owner        VARBINARY(255)  NOT NULL,
    blob_key     VARBINARY(255)  NOT NULL,
    multipart    VARBINARY(2048) NOT NULL,
    claimed      INTEGER         NOT NULL,
    size         BIGINT          NOT NULL,
    tail         VARBINARY(512)  NOT NULL,
    tail_size    BIGINT          NOT NULL,
    tails        SMALLINT        NOT NULL,
    digest_state BLOB,
    state        SMALLINT        NOT NULL,
    modified_at  BIGINT          NOT NULL,
    holder       VARBINARY(64)   NOT NULL,
    held_until   BIGINT          NOT NULL,
    INDEX staged_by_key (blob_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
