-- +goose NO TRANSACTION
-- +goose Up

-- Work that one photosd at a time does for all that share this database. migrations/sqlite explains the columns.
CREATE TABLE IF NOT EXISTS task (
    name       VARBINARY(64) NOT NULL PRIMARY KEY,
    holder     VARBINARY(64) NOT NULL,
    held_until BIGINT        NOT NULL,
    done_at    BIGINT        NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
