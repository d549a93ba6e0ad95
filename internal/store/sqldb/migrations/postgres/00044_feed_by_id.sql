-- Finds an earlier deletion of a photo that is deleted again.
-- +goose Up

CREATE INDEX feed_by_id ON feed (owner, id) WHERE id IS NOT NULL;
