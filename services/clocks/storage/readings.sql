-- Cycles as they are read.

-- name: read_subject_cycles
-- The numbers of one Subject's Cycles that its state does not hold.
SELECT policy_key, metric, cycle, calendar_version, revision
FROM cycles
WHERE subject_id = $1
ORDER BY policy_key, metric, cycle;

-- name: read_edition
-- The numbers of one Cycle that its Subject's state does not hold.
SELECT calendar_version, revision
FROM cycles
WHERE subject_id = $1 AND policy_key = $2 AND metric = $3 AND cycle = $4;

-- name: read_revisions_known
-- Which revision each Cycle of a Subject had reached by an instant, of those that were ever restated.
SELECT policy_key, metric, cycle, max(revision) + 1
FROM revisions
WHERE subject_id = $1 AND restated_at <= $2
GROUP BY policy_key, metric, cycle;
