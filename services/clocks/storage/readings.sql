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

-- name: counted_cycles
-- The Cycles met or breached in a period, and open ones that came due in it, in order of their keys. Of those some
-- threshold is to fire before then: so says the index, which else would not be asked.
SELECT subject_id, cycle, target, outcome, counted_at, revision
FROM cycles
WHERE policy_key = $1 AND metric = $2 AND counted_at >= $3 AND counted_at < $4 AND ($6::text IS NULL OR target = $6)
UNION ALL
SELECT subject_id, cycle, target, 'BREACHED', due_at, revision
FROM cycles
WHERE policy_key = $1 AND metric = $2 AND outcome = 'PENDING' AND next_fire_at < least($4, $5)
  AND due_at >= $3 AND due_at < least($4, $5) AND ($6::text IS NULL OR target = $6)
ORDER BY subject_id, cycle;

-- name: pending_cycles
-- How many Cycles were open at an instant and neither met nor breached then.
SELECT count(*)
FROM cycles
WHERE policy_key = $1 AND metric = $2 AND started_at < $3 AND ($5::text IS NULL OR target = $5)
  AND CASE
      WHEN outcome = 'MET' THEN stopped_at >= $3
      WHEN outcome = 'BREACHED' THEN breached_at >= $3
      WHEN phase = 'CANCELLED' THEN ended_at >= $3
      ELSE due_at IS NULL OR due_at >= least($3, $4)
  END;
