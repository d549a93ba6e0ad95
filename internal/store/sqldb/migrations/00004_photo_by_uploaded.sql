-- +goose Up
CREATE INDEX photo_by_uploaded ON photo (owner, state, uploaded_at, number);
