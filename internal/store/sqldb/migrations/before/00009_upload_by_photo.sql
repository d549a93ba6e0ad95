-- +goose Up
CREATE INDEX upload_by_photo ON upload (owner, photo);
