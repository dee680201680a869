-- What a tenant's events are folded by: policies, and copies of which calendars.

-- name: ensure_rulebook
-- Make the tenant's rulebook, where it has none yet.
INSERT INTO rulebooks (tenant_id, revision, policies)
VALUES (current_setting('meantime.tenant'), 0, 0)
ON CONFLICT DO NOTHING;

-- name: hold_rulebook
-- Keep the rules from changing until the transaction ends; others may hold them too, unless a change waits in turn.
WITH turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared(hashtextextended('rulebook ' || current_setting('meantime.tenant'), 0))
)
SELECT revision FROM turn, rulebooks FOR SHARE OF rulebooks;

-- name: take_turn
-- Wait for all that hold the rules; those that come later wait in their turn.
SELECT pg_advisory_xact_lock(hashtextextended('rulebook ' || current_setting('meantime.tenant'), 0));

-- name: change_policies
-- Count a change of policies, when nobody holds the rules any more.
UPDATE rulebooks SET revision = revision + 1, policies = revision + 1;

-- name: change_calendars
-- Count a change of calendar copies, when nobody holds the rules any more.
UPDATE rulebooks SET revision = revision + 1;

-- name: read_rulebook
-- The rules' revision, and that of the last change of policies.
SELECT revision, policies FROM rulebooks;

-- name: read_calendar_copies
-- Which version of each Calendar the Cycles are counted on.
SELECT calendar_key, version, content_key FROM calendar_copies ORDER BY calendar_key;

-- name: read_timelines
-- The compiled Timelines of copies.
SELECT content_key, blob FROM calendar_copies WHERE calendar_key = ANY ($1::text[]) AND blob IS NOT NULL;

-- name: save_calendar_copy
-- Take over what is new or newer, and, where asked, the same version compiled otherwise; a row says that it was taken.
INSERT INTO calendar_copies AS known (tenant_id, calendar_key, version, content_key, blob, revision)
VALUES (current_setting('meantime.tenant'), $1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, calendar_key) DO UPDATE
SET version = excluded.version, content_key = excluded.content_key, blob = excluded.blob,
    revision = excluded.revision
WHERE known.version < excluded.version
   OR known.version = excluded.version AND known.blob IS NULL
   OR $6 AND known.version = excluded.version AND known.revision <= excluded.revision
      AND known.content_key <> excluded.content_key
RETURNING calendar_key;
