-- +goose NO TRANSACTION
-- +goose Up

-- Whether all photos move from this database to another one, or from another one to this. migrations/sqlite explains the columns.
CREATE TABLE IF NOT EXISTS move (
    id    SMALLINT       NOT NULL PRIMARY KEY,
    state VARBINARY(16)  NOT NULL,
    other VARBINARY(512) NOT NULL,
    until BIGINT         NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS move_blob (
    source_key VARBINARY(255) NOT NULL PRIMARY KEY,
    owner      VARBINARY(64)  NOT NULL,
    target_key VARBINARY(255) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
