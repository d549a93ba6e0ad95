-- The source of a description may be the name of a program: command:NAME, at most 63 characters.
-- Up to 63 characters the length takes one byte, so that no row is written again. Each statement may
-- be repeated.
-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE photo MODIFY description_source VARCHAR(63) NOT NULL;

ALTER TABLE revision MODIFY source VARCHAR(63) NOT NULL;

ALTER TABLE upload MODIFY description_source VARCHAR(63) NOT NULL;
