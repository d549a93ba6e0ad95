-- How many live photos an owner has of each month, type, camera and tag, and their bytes. It
-- is changed in the transaction that changes the photos. Whatever has no photos any more may
-- keep a row of zeros.
-- +goose Up

CREATE TABLE tally (
    owner  TEXT        NOT NULL,
    kind   VARCHAR(16) NOT NULL, -- month, type, camera or tag
    value  TEXT        NOT NULL, -- month: like 2024-05 where the photo was taken. Empty: unknown
    photos BIGINT      NOT NULL,
    bytes  BIGINT      NOT NULL,
    PRIMARY KEY (owner, kind, value)
) WITHOUT ROWID;

-- Seconds are rounded down, for times before 1970 as well.
INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'month', CASE WHEN taken_at < -2305843009213693952 THEN ''
        ELSE COALESCE(strftime('%Y-%m', taken_at / 1000000 - (taken_at % 1000000 < 0) + COALESCE(taken_offset, 0), 'unixepoch'), '') END,
        COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY 1, 3;

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'type', media_type, COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY 1, 3;

INSERT INTO tally (owner, kind, value, photos, bytes)
    SELECT owner, 'camera', camera, COUNT(*), SUM(size) FROM photo WHERE state = 0 GROUP BY 1, 3;
