-- Firing across tenants, through narrow definer functions.

-- name: fire_due
-- Fire at most so many thresholds that are due, not before a low-water mark; one row each.
SELECT tenant_id, threshold, at, lag_us FROM fire_due($1, $2);

-- name: pass_fired
-- Move Cycles on of which a threshold is due that was fired already, at most so many; how many there were.
SELECT pass_fired($1);

-- name: next_due
-- Microseconds until the next threshold, after a low-water mark; NULL where none is left.
SELECT next_due($1);

-- name: open_transactions
-- Name the transactions that are open on the server, ours aside; who may see no more of them may see their locks.
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'virtualxid' AND granted AND pid <> pg_backend_pid();
