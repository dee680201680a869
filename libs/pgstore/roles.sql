-- name: missing_roles
-- Which of our roles the server lacks, by name.
SELECT wanted.name
FROM unnest($1::text[]) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name);

-- name: unheld_roles
-- Which of our roles the current user may not act as: PostgreSQL 16 and later ask for SET, 15 for membership.
SELECT wanted.name
FROM unnest($1::text[]) AS wanted (name)
WHERE NOT pg_has_role(
    current_user,
    wanted.name,
    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END
);

-- name: server
-- What the server must be right about before anything is written to it.
SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_name,
       current_setting('server_encoding') AS encoding;
