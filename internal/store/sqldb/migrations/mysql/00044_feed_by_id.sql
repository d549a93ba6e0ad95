-- Finds an earlier deletion of a photo that is deleted again. Each statement may be repeated.
-- +goose NO TRANSACTION
-- +goose Up

SET @add_index = (SELECT CASE COUNT(*) WHEN 0 THEN 'CREATE INDEX feed_by_id ON feed (owner, id)' ELSE 'DO 0' END
    FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'feed' AND index_name = 'feed_by_id');

PREPARE add_index FROM @add_index;

EXECUTE add_index;
