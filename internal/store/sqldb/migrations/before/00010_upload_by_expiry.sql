-- +goose Up
CREATE INDEX upload_by_expiry ON upload (expires_at);
