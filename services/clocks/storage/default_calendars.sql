-- The versions of a tenant's default Calendar.

-- name: read_defaults
-- Every version, oldest first; those that had been saved by an instant, where one is given.
SELECT version, calendar_key, effective_from, created_at, created_by
FROM default_calendars
WHERE $1::timestamptz IS NULL OR created_at <= $1
ORDER BY version;

-- name: insert_default
-- A version; never changed afterwards. It was saved after those before it, whatever the clocks of the hosts say.
INSERT INTO default_calendars (tenant_id, version, calendar_key, effective_from, created_at, created_by)
VALUES (current_setting('meantime.tenant'), $1, $2, $3,
        GREATEST($4::timestamptz, (SELECT max(created_at) FROM default_calendars)), $5);
