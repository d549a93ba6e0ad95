-- Photos of one time are told apart by their number, which every index of SQLite
-- ends with of itself.
-- +goose Up
CREATE INDEX photo_by_uploaded ON photo (owner, state, uploaded_at);
