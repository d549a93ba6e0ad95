-- +goose Up

-- Whether all photos move from this database to another one, or from another one to this: no row or one.
CREATE TABLE move (
    id    SMALLINT     NOT NULL PRIMARY KEY, -- 1
    state VARCHAR(16)  NOT NULL,             -- see store.MoveState
    other VARCHAR(512) NOT NULL,             -- what messages call the other database
    until BIGINT       NOT NULL              -- nothing else may change until then; 0: no limit
);

-- The bytes that a move to this database has copied, until it has ended.
CREATE TABLE move_blob (
    source_key VARCHAR(255) NOT NULL PRIMARY KEY,
    owner      VARCHAR(64)  NOT NULL,
    target_key VARCHAR(255) NOT NULL
);
