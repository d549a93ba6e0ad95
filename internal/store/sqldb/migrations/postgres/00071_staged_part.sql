-- +goose Up

-- The parts of multipart uploads that the blob store has acknowledged.
CREATE TABLE staged_part (
    name     TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    etag     TEXT    NOT NULL,
    checksum TEXT    NOT NULL,
    size     BIGINT  NOT NULL,
    PRIMARY KEY (name, number)
);
