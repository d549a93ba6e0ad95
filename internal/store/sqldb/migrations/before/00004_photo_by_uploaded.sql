-- Photos with the same time are ordered by their number, with which every index of SQLite
-- ends.
-- +goose Up
CREATE INDEX photo_by_uploaded ON photo (owner, state, uploaded_at);
