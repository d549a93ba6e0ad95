-- The source of a description may be the name of a program: command:NAME, at most 63 characters.
-- SQLite does not limit a text by its type, so nothing has to change.
-- +goose Up
SELECT 1;
