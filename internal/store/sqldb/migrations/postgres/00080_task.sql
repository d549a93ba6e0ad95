-- +goose Up

-- Work that one photosd at a time does for all that share this database.
CREATE TABLE task (
    name       TEXT   NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL, -- an arbitrary word that only the process with the claim knows
    held_until BIGINT NOT NULL, -- of a process that was killed, the claim ends by itself
    done_at    BIGINT NOT NULL  -- when the work was last done; 0: never
);
