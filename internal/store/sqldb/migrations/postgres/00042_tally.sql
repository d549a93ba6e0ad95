-- Counts of live photos. migrations/sqlite explains them.
-- +goose Up

CREATE TABLE tally (
    owner  TEXT        NOT NULL,
    kind   VARCHAR(16) NOT NULL,
    value  TEXT        NOT NULL,
    photos BIGINT      NOT NULL,
    bytes  BIGINT      NOT NULL,
    PRIMARY KEY (owner, kind, value)
);

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'month', CASE WHEN taken_at < -2305843009213693952 THEN ''
        ELSE to_char(TIMESTAMP '1970-01-01' + (taken_at / 1000000 - CASE WHEN taken_at % 1000000 < 0 THEN 1 ELSE 0 END + COALESCE(taken_offset, 0)) * INTERVAL '1 second', 'YYYY-MM') END,
        COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY 1, 3;

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'type', media_type, COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY 1, 3;

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'camera', camera, COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY 1, 3;
