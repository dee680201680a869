-- name: table_exists
-- Whether any migration was ever applied here.
SELECT to_regclass('meantime.migrations') IS NOT NULL;

-- name: create_schema
-- The schema of the runner's own table.
CREATE SCHEMA IF NOT EXISTS meantime;

-- name: create_table
-- The record of what was applied. Not a tenant's: services never see it.
CREATE TABLE IF NOT EXISTS meantime.migrations (
    track      text        NOT NULL,
    number     integer     NOT NULL,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (track, number)
);

-- name: read
-- What was applied of the tracks asked for.
SELECT track, number, name, checksum
FROM meantime.migrations
WHERE track = ANY ($1::text[])
ORDER BY track, number;

-- name: record
-- Write down that a migration was applied, in its own transaction.
INSERT INTO meantime.migrations (track, number, name, checksum) VALUES ($1, $2, $3, $4);
