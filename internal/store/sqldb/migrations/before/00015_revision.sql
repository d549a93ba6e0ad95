-- The current and earlier descriptions of photos. A photo has no row here as long as it
-- still has the description of its upload.
-- +goose Up
CREATE TABLE revision (
    photo  BIGINT      NOT NULL REFERENCES photo (number) ON DELETE CASCADE,
    number BIGINT      NOT NULL, -- grows with each new text of the photo
    parent BIGINT      NOT NULL, -- the number that an undo goes back to; 0: none
    text   TEXT        NOT NULL,
    source VARCHAR(16) NOT NULL,
    set_at BIGINT      NOT NULL,
    PRIMARY KEY (photo, number)
);
