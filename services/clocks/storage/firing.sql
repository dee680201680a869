-- Firing across tenants, through narrow definer functions.

-- name: fire_due
-- Fire at most so many thresholds that are due, not before a low-water mark; one row each.
SELECT tenant_id, threshold, at, lag_us FROM fire_due($1, $2);

-- name: next_due
-- Microseconds until the next threshold, after a low-water mark; NULL where none is left.
SELECT next_due($1);
