-- +goose NO TRANSACTION
-- +goose Up

-- The parts of multipart uploads that the blob store has acknowledged.
CREATE TABLE IF NOT EXISTS staged_part (
    name     VARBINARY(255) NOT NULL,
    number   INTEGER        NOT NULL,
    etag     VARBINARY(255) NOT NULL,
    checksum VARBINARY(255) NOT NULL,
    size     BIGINT         NOT NULL,
    PRIMARY KEY (name, number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
