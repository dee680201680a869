-- The numbers of Cycles as they stood before each restatement.

-- name: read_revisions
-- What one Cycle's numbers were, oldest first, of the restatements until an instant.
SELECT revision, policy_version, target, calendar_key, calendar_version, phase, outcome, started_at, due_at,
       breached_at, stopped_at, cause, restated_at
FROM revisions
WHERE subject_id = $1 AND policy_key = $2 AND metric = $3 AND cycle = $4
  AND restated_at <= coalesce($5, 'infinity'::timestamptz)
ORDER BY revision DESC
LIMIT $6;
