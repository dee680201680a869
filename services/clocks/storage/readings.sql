-- Cycles as they are read.

-- name: read_subject_cycles
-- The numbers of one Subject's Cycles that its state does not hold.
SELECT policy_key, metric, cycle, calendar_version, revision
FROM cycles
WHERE subject_id = $1
ORDER BY policy_key, metric, cycle;

-- name: read_revisions_known
-- Which revision each Cycle of a Subject had reached by an instant, of those that were ever restated.
SELECT policy_key, metric, cycle, max(revision) + 1
FROM revisions
WHERE subject_id = $1 AND restated_at <= $2
GROUP BY policy_key, metric, cycle;

-- name: list_cycles
-- A page of Cycles after a place, with the state to read them from; open ones past due count as breached.
SELECT page.*, subjects.state
FROM (
    SELECT subject_id, policy_key, metric, cycle, calendar_version, revision, started_at
    FROM cycles
    WHERE (started_at, subject_id, policy_key, metric, cycle)
          > (coalesce($7::timestamptz, '-infinity'), $8::text, $9::text, $10::text, $11::integer)
      AND ($1::text IS NULL OR policy_key = $1)
      AND ($2::text IS NULL OR metric = $2)
      AND ($3::text IS NULL OR target = $3)
      AND ($4::text IS NULL OR phase = $4)
      AND ($5::text IS NULL OR $5 = CASE
              WHEN outcome = 'PENDING' AND phase IN ('RUNNING', 'PAUSED') AND due_at < $13 THEN 'BREACHED'
              ELSE outcome END)
      AND ($6::timestamptz IS NULL OR due_at < $6)
    ORDER BY started_at, subject_id, policy_key, metric, cycle
    LIMIT $12
) AS page
JOIN subjects USING (subject_id)
ORDER BY page.started_at, page.subject_id, page.policy_key, page.metric, page.cycle;

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
