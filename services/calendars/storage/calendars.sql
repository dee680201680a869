-- name: lock_book
-- Takes the tenant's one lock for changes of calendars, held until the transaction ends, and counts the change.
INSERT INTO calendar_books (tenant_id, revision) VALUES ($1, 1)
ON CONFLICT (tenant_id) DO UPDATE SET revision = calendar_books.revision + 1
RETURNING revision;

-- name: insert_calendar
-- Adds a calendar; no row comes back where the tenant has used the key.
INSERT INTO calendars (tenant_id, key, name, version, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, key) DO NOTHING
RETURNING key;

-- name: set_latest_version
-- Moves a calendar on to its newest version.
UPDATE calendars SET version = $3 WHERE tenant_id = $1 AND key = $2;

-- name: insert_version
-- Adds one version.
INSERT INTO calendar_versions
    (tenant_id, key, version, mode, effective_from, document, document_digest, reason, created_at, created_by,
     name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: insert_references
-- Records which calendars a version names.
INSERT INTO calendar_references (tenant_id, key, version, refers_to)
SELECT $1, $2, $3, refers_to FROM unnest($4::text[]) AS refers_to;

-- name: read_calendars
-- Whole calendars by key, with all versions, in order of key and version.
SELECT c.key, c.name, v.version, v.mode, v.effective_from, v.document, v.reason, v.created_at, v.created_by,
    v.name AS new_name
FROM calendars AS c
JOIN calendar_versions AS v ON v.tenant_id = c.tenant_id AND v.key = c.key
WHERE c.tenant_id = $1 AND c.key = ANY ($2::text[])
ORDER BY c.key, v.version;

-- name: list_keys
-- One page of a tenant's keys in order, those after a given one.
SELECT key FROM calendars WHERE tenant_id = $1 AND key > $2 ORDER BY key LIMIT $3;

-- name: read_outlines
-- Versions without documents, of calendars and all that they are made of, directly or not: the hot read.
WITH RECURSIVE reached (key) AS (
    SELECT unnest($2::text[])
    UNION
    SELECT r.refers_to
    FROM reached
    JOIN calendar_references AS r ON r.tenant_id = $1 AND r.key = reached.key
)
SELECT
    v.key, v.version, v.effective_from, v.created_at, v.document_digest,
    ARRAY(
        SELECT r.refers_to
        FROM calendar_references AS r
        WHERE r.tenant_id = $1 AND r.key = v.key AND r.version = v.version
        ORDER BY r.refers_to
    ) AS refers_to,
    (SELECT b.revision FROM calendar_books AS b WHERE b.tenant_id = $1) AS revision
FROM reached
JOIN calendar_versions AS v ON v.tenant_id = $1 AND v.key = reached.key
ORDER BY v.key, v.version;

-- name: list_dependants
-- Keys of calendars that have ever named one of these, directly or not, the given ones left out.
WITH RECURSIVE affected (key) AS (
    SELECT unnest($2::text[])
    UNION
    SELECT r.key
    FROM affected
    JOIN calendar_references AS r ON r.tenant_id = $1 AND r.refers_to = affected.key
)
SELECT key FROM affected WHERE key <> ALL ($2::text[]) ORDER BY key;

-- name: list_amendments
-- One page of what was said, newest first, those before a given place.
SELECT v.created_at, v.key, v.version, v.mode, v.effective_from, v.reason, v.created_by, v.name
FROM calendar_versions AS v
WHERE v.tenant_id = $1
  AND (v.created_at, v.key, v.version) < ($2, $3, $4)
  AND ($5::text IS NULL OR v.key = $5)
ORDER BY v.created_at DESC, v.key DESC, v.version DESC
LIMIT $6;
