-- +goose Up
CREATE INDEX photo_by_taken ON photo (owner, state, taken_at);
