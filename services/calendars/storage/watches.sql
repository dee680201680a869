-- name: list_tenants
-- Tenants that have calendars, in order, those after a given one.
SELECT tenant_id FROM tenants_with_calendars($1, $2);

-- name: list_of_other_rules
-- Tenants that count by rules of another edition and were not told yet, in order, those after a given one.
SELECT tenant_id FROM tenants_of_other_rules($1, $2, $3);

-- name: read_rules
-- The zone rules by which a tenant counts.
SELECT zone, tzdata_version, shifts, until FROM zone_rules WHERE tenant_id = $1;

-- name: save_rules
-- Takes rules of zones over, as those by which the tenant counts.
INSERT INTO zone_rules (tenant_id, zone, tzdata_version, shifts, until, seen_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, zone) DO UPDATE
SET tzdata_version = excluded.tzdata_version, shifts = excluded.shifts, until = excluded.until,
    seen_at = excluded.seen_at;

-- name: note_rules
-- Takes the rules of a zone over that the tenant has not counted by so far.
INSERT INTO zone_rules (tenant_id, zone, tzdata_version, shifts, until, seen_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, zone) DO NOTHING;

-- name: insert_change
-- Records a change of rules; no row comes back where it is recorded.
INSERT INTO zone_changes (tenant_id, zone, from_version, to_version, differs_from, calendars, found_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING zone;

-- name: adopt_change
-- Records who took a change over.
UPDATE zone_changes SET adopted_at = $5, adopted_by = $6, reason = $7
WHERE tenant_id = $1 AND zone = $2 AND from_version = $3 AND to_version = $4;

-- name: insert_notice
-- Records that something is said; no row comes back where it was said before.
INSERT INTO calendar_notices (tenant_id, kind, subject, fact, noted_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
RETURNING fact;
