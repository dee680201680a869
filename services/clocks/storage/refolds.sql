-- Work left after a change of rules: which Subjects are to be folded again.

-- name: insert_refold
-- Leave work: a Calendar's Cycles, or (with no calendar) every Subject, from an instant on.
INSERT INTO refolds (tenant_id, cause, calendar_key, since, scope)
VALUES (current_setting('meantime.tenant'), $1, $2, $3, $4);

-- name: tenants_to_refold
-- Tenants for which work is left; across tenants, through a definer function.
SELECT tenant_id FROM tenants_to_refold($1);

-- name: claim_refold
-- The tenant's oldest work that no other worker has in hand, and that is not put off.
SELECT refold_id, cause, calendar_key, since, after_subject_id, scope
FROM refolds
WHERE retry_at <= statement_timestamp()
ORDER BY refold_id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: subjects_on_calendar
-- The next Subjects with a Cycle on a Calendar that is open, or was at an instant; plain ones only where asked.
SELECT DISTINCT subject_id
FROM cycles
WHERE subject_id > $1 AND $2 = ANY (calendar_keys)
  AND (phase IN ('RUNNING', 'PAUSED') OR $3::timestamptz IS NULL OR ended_at >= $3)
  AND ($5 OR spans IS NULL)
ORDER BY subject_id
LIMIT $4;

-- name: subjects_since
-- The next Subjects with an event at or after an instant.
SELECT subject_id
FROM subjects
WHERE subject_id > $1 AND state IS NOT NULL AND ($2::timestamptz IS NULL OR last_occurred_at >= $2)
ORDER BY subject_id
LIMIT $3;

-- name: advance_refold
-- Note how far the work has come.
UPDATE refolds SET after_subject_id = $2, failures = 0, reason = NULL WHERE refold_id = $1;

-- name: postpone_refold
-- Put off the work that would be claimed next, twice as long each time it fails, up to a minute.
UPDATE refolds
SET failures = failures + 1, reason = $1,
    retry_at = statement_timestamp() + least(interval '0.5 s' * (1 << least(failures, 16)), interval '1 min')
WHERE refold_id = (
    SELECT refold_id
    FROM refolds
    WHERE retry_at <= statement_timestamp()
    ORDER BY refold_id
    LIMIT 1
    FOR UPDATE SKIP LOCKED);

-- name: widen_refold
-- Let work on plain Cycles go on as work on all of them.
UPDATE refolds SET scope = 'all' WHERE refold_id = $1;

-- name: delete_refold
-- The work is done.
DELETE FROM refolds WHERE refold_id = $1;
