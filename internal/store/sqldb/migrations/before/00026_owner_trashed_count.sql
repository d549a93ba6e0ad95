-- Counts what is already in the trash.
-- +goose Up
UPDATE owner SET
    trashed_photos = (SELECT COUNT(*) FROM photo WHERE photo.owner = owner.id AND state = 1),
    trashed_bytes = (SELECT COALESCE(SUM(size), 0) FROM photo WHERE photo.owner = owner.id AND state = 1);
