-- +goose Up
CREATE UNIQUE INDEX photo_by_id ON photo (owner, id);
