-- The index of search, as in migrations/sqlite, which explains it.
-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS search_run (
    id             BIGINT        NOT NULL PRIMARY KEY,
    owner          VARBINARY(64) NOT NULL,
    ready          SMALLINT      NOT NULL,
    stale          SMALLINT      NOT NULL,
    built_at       BIGINT        NOT NULL,
    first_uploaded BIGINT        NOT NULL,
    last_uploaded  BIGINT        NOT NULL,
    first_taken    BIGINT        NOT NULL,
    last_taken     BIGINT        NOT NULL,
    INDEX search_run_by_owner (owner)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS search_gram (
    run    BIGINT     NOT NULL,
    gram   BIGINT     NOT NULL,
    photos MEDIUMBLOB NOT NULL,
    PRIMARY KEY (run, gram)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
