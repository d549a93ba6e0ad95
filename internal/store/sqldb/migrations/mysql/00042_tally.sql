-- Counts of live photos. migrations/sqlite explains them. Each statement may be repeated.
-- +goose NO TRANSACTION
-- +goose Up

CREATE TABLE IF NOT EXISTS tally (
    owner  VARBINARY(64)  NOT NULL,
    kind   VARBINARY(16)  NOT NULL,
    value  VARBINARY(255) NOT NULL,
    photos BIGINT         NOT NULL,
    bytes  BIGINT         NOT NULL,
    PRIMARY KEY (owner, kind, value)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

DELETE FROM tally;

-- taken_month, because month would be the name of the literal.
INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'month', CASE WHEN taken_at < -2305843009213693952 THEN ''
        ELSE COALESCE(DATE_FORMAT(TIMESTAMPADD(SECOND, (taken_at DIV 1000000) - (taken_at % 1000000 < 0) + COALESCE(taken_offset, 0), CAST('1970-01-01 00:00:00' AS DATETIME)), '%Y-%m'), '') END AS taken_month,
        COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY owner, taken_month;

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'type', media_type, COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY owner, media_type;

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'camera', CAST(camera AS BINARY), COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY owner, CAST(camera AS BINARY);
