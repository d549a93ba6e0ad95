-- +goose Up
CREATE INDEX photo_by_purge ON photo (purge_at) WHERE purge_at IS NOT NULL;
