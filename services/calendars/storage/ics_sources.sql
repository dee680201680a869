-- name: save_source
-- Adds a source, or changes its name, address and rhythm; a feed is looked at soon.
INSERT INTO ics_sources (tenant_id, key, name, url, refresh_hours, next_check_at, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, key) DO UPDATE
SET name = excluded.name, url = excluded.url, refresh_hours = excluded.refresh_hours,
    next_check_at = excluded.next_check_at, problem = NULL, etag = NULL, last_modified = NULL;

-- name: insert_save
-- Writes the audit of a save.
INSERT INTO ics_source_saves (tenant_id, key, saved_at, saved_by, name, host, refresh_hours)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING;

-- name: read_history
-- The newest things that were done to each of some sources.
SELECT wanted.key, done.at, done.by, done.action, done.edition, done.host, done.reason
FROM unnest($2::text[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT saved_at AS at, saved_by AS by, 'SAVED' AS action, NULL::integer AS edition, host, NULL::text AS reason
    FROM ics_source_saves WHERE tenant_id = $1 AND key = wanted.key
    UNION ALL
    SELECT decided_at, decided_by, decision, edition, NULL, reason
    FROM ics_decisions WHERE tenant_id = $1 AND key = wanted.key
    ORDER BY at DESC, action
    LIMIT $3
) AS done
ORDER BY wanted.key, done.at DESC, done.action;

-- name: count_sources
-- How many sources a tenant has.
SELECT count(*) FROM ics_sources WHERE tenant_id = $1;

-- name: read_sources
-- Sources by key.
SELECT key, name, url, refresh_hours, editions, accepted, pending, dismissed, checked_at, problem, next_check_at,
       created_at, created_by
FROM ics_sources WHERE tenant_id = $1 AND key = ANY ($2::text[]) ORDER BY key;

-- name: list_keys
-- One page of keys in order, those after a given one.
SELECT key FROM ics_sources WHERE tenant_id = $1 AND key > $2 ORDER BY key LIMIT $3;

-- name: lock_source
-- Reads a source and holds it until the transaction ends.
SELECT key, name, url, refresh_hours, editions, accepted, pending, dismissed, checked_at, problem, next_check_at,
       created_at, created_by
FROM ics_sources WHERE tenant_id = $1 AND key = $2 FOR UPDATE;

-- name: insert_edition
-- Adds what a source said.
INSERT INTO ics_editions (tenant_id, key, edition, digest, entries, skipped, read_at, read_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: set_standing
-- Moves a source on: which editions are there, count, wait and were turned down.
UPDATE ics_sources SET editions = $3, accepted = $4, pending = $5, dismissed = $6
WHERE tenant_id = $1 AND key = $2;

-- name: set_checked
-- Records a look at a feed, or an upload.
UPDATE ics_sources
SET checked_at = $3, problem = $4, next_check_at = CASE WHEN url IS NULL THEN NULL ELSE $5::timestamptz END
WHERE tenant_id = $1 AND key = $2;

-- name: read_validators
-- What a feed said about the content that was read last.
SELECT etag, last_modified FROM ics_sources WHERE tenant_id = $1 AND key = $2;

-- name: set_validators
-- Records what a feed said about content that was read.
UPDATE ics_sources SET etag = $3, last_modified = $4 WHERE tenant_id = $1 AND key = $2;

-- name: claim_check
-- Takes the next look at a feed for one worker; no row where another has it, or whoever changes it just now.
UPDATE ics_sources SET next_check_at = $4
WHERE (tenant_id, key) IN (
    SELECT s.tenant_id, s.key FROM ics_sources AS s
    WHERE s.tenant_id = $1 AND s.key = $2 AND s.next_check_at <= $3 FOR UPDATE SKIP LOCKED)
RETURNING url;

-- name: list_due
-- Feeds that are to be looked at of all tenants but those that are busy; at most so many, of each at most so many.
SELECT tenant_id, key FROM ics_sources_due($1, $2, $3, $4);

-- name: read_editions
-- Editions of sources by source and number.
SELECT e.key, e.edition, e.digest, e.entries, e.skipped, e.read_at, e.read_by
FROM unnest($2::text[], $3::integer[]) AS wanted (key, edition)
JOIN ics_editions AS e ON e.tenant_id = $1 AND e.key = wanted.key AND e.edition = wanted.edition;

-- name: read_digests
-- The digests of the editions that count, wait and were turned down, by number.
SELECT edition, digest FROM ics_editions WHERE tenant_id = $1 AND key = $2 AND edition = ANY ($3::integer[]);

-- name: insert_decision
-- Writes the audit of a decision.
INSERT INTO ics_decisions (tenant_id, key, edition, decision, decided_at, decided_by, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING;

-- name: read_accepted
-- The digests that new versions of calendars are pinned to, by source.
SELECT s.key, e.digest
FROM ics_sources AS s
JOIN ics_editions AS e ON e.tenant_id = s.tenant_id AND e.key = s.key AND e.edition = s.accepted
WHERE s.tenant_id = $1 AND s.key = ANY ($2::text[]);

-- name: read_content
-- Content by source and digest, of editions that were accepted at some time.
SELECT DISTINCT ON (e.key, e.digest) e.key, e.digest, e.entries
FROM unnest($2::text[], $3::text[]) AS wanted (key, digest)
JOIN ics_editions AS e ON e.tenant_id = $1 AND e.key = wanted.key AND e.digest = wanted.digest
JOIN ics_decisions AS d
    ON d.tenant_id = $1 AND d.key = e.key AND d.edition = e.edition AND d.decision = 'ACCEPTED';

-- name: insert_imports
-- Records what a version is pinned to.
INSERT INTO calendar_imports (tenant_id, key, version, source, digest)
SELECT DISTINCT $1, $2, $3::integer, source, digest
FROM unnest($4::text[], $5::text[]) AS pinned (source, digest);

-- name: list_ever_importers
-- Calendars of which some version names a source.
SELECT DISTINCT key FROM calendar_imports WHERE tenant_id = $1 AND source = $2 ORDER BY key;

-- name: list_importers
-- Calendars whose latest version names one of these sources, with the source.
SELECT DISTINCT i.source, i.key
FROM calendar_imports AS i
JOIN calendars AS c ON c.tenant_id = $1 AND c.key = i.key AND c.version = i.version
WHERE i.tenant_id = $1 AND i.source = ANY ($2::text[])
ORDER BY i.source, i.key;
