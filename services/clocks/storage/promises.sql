-- Promises that were kept or broken, and those that are neither yet.

-- name: counted
-- The Cycles met or breached in a period, and open ones that came due in it. Of those some threshold is to fire before
-- then: so says the index, which else would not be asked.
SELECT subject_id, cycle, target, outcome, counted_at, revision
FROM cycles
WHERE policy_key = $1 AND metric = $2 AND counted_at >= $3::timestamptz AND counted_at < $4::timestamptz
  AND ($6::text IS NULL OR target = $6)
UNION ALL
SELECT subject_id, cycle, target, 'BREACHED', due_at, revision
FROM cycles
WHERE policy_key = $1 AND metric = $2 AND outcome = 'PENDING'
  AND next_fire_at < least($4::timestamptz, $5::timestamptz) AND due_at < least($4::timestamptz, $5::timestamptz)
  AND due_at >= $3::timestamptz AND ($6::text IS NULL OR target = $6);

-- name: promises
-- Each of them, with its evidence: a record in the binary form of PostgreSQL, whose fields say themselves where they end.
SELECT subject_id, timestamptz_send(counted_at), record_send(ROW(subject_id, cycle, target, outcome, counted_at, revision)),
       target, outcome = 'MET'
FROM (/* counted */) AS counted
ORDER BY counted_at, subject_id, cycle;

-- name: tally
-- How many of them were met and breached, by Target.
SELECT target, count(*) FILTER (WHERE outcome = 'MET'), count(*) FILTER (WHERE outcome = 'BREACHED')
FROM (/* counted */) AS counted
GROUP BY target
ORDER BY target;

-- name: evidence
-- What is said of each of them, in order.
SELECT subject_id, cycle, outcome, counted_at, revision
FROM (/* counted */) AS counted
ORDER BY counted_at, subject_id, cycle;

-- name: pending
-- How many Cycles were open at an instant and neither met nor breached then: some are counted later, some are open still,
-- and some were cancelled later.
SELECT (
    SELECT count(*)
    FROM cycles
    WHERE policy_key = $1 AND metric = $2 AND counted_at >= $3 AND started_at < $3
      AND ($5::text IS NULL OR target = $5)
) + (
    SELECT count(*)
    FROM cycles
    WHERE policy_key = $1 AND metric = $2 AND phase IN ('RUNNING', 'PAUSED') AND outcome = 'PENDING'
      AND started_at < $3 AND (due_at IS NULL OR due_at >= least($3, $4)) AND ($5::text IS NULL OR target = $5)
) + (
    SELECT count(*)
    FROM cycles
    WHERE policy_key = $1 AND metric = $2 AND phase = 'CANCELLED' AND outcome = 'PENDING' AND ended_at >= $3
      AND started_at < $3 AND ($5::text IS NULL OR target = $5)
);
