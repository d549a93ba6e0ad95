-- The index of search. A run has the texts of some thousand photos of one owner, and is never
-- changed: a photo that gets another text leaves its run (photo.run), and comes into a new one.
-- +goose Up
CREATE TABLE search_run (
    id             BIGINT   NOT NULL PRIMARY KEY, -- random
    owner          TEXT     NOT NULL,
    ready          SMALLINT NOT NULL, -- 0: it is being built, and not used yet
    stale          SMALLINT NOT NULL, -- 1: it still has texts of photos that were purged
    built_at       BIGINT   NOT NULL,
    first_uploaded BIGINT   NOT NULL, -- the times of its photos are within these
    last_uploaded  BIGINT   NOT NULL,
    first_taken    BIGINT   NOT NULL,
    last_taken     BIGINT   NOT NULL
);

CREATE INDEX search_run_by_owner ON search_run (owner);

-- In which photos of a run three letters follow each other.
CREATE TABLE search_gram (
    run    BIGINT NOT NULL,
    gram   BIGINT NOT NULL, -- three letters of 21 bits each
    photos BYTEA  NOT NULL, -- their numbers, as the differences between one and the next
    PRIMARY KEY (run, gram)
);
