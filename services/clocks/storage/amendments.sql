-- Cycles that a change of Calendars would touch; read only.

-- name: plain_cycles
-- The next plain Cycles on a Calendar, whole Subjects.
SELECT subject_id, policy_key, metric, cycle, target, target_us, phase, outcome,
       (extract(epoch FROM due_at) * 1000000)::bigint AS due_us, spans
FROM cycles
WHERE calendar_key = $1 AND spans IS NOT NULL AND subject_id > $2
ORDER BY subject_id
FETCH FIRST $3 ROWS WITH TIES;

-- name: other_cycles
-- The next Cycles on any of some Calendars that are open and not plain, or ended since; whole Subjects.
SELECT subject_id, policy_key, metric, cycle, target, phase, outcome, due_at, stopped_at
FROM cycles
WHERE calendar_keys && $1::text[] AND spans IS NULL AND (ended_at IS NULL OR ended_at >= $3) AND subject_id > $2
ORDER BY subject_id
FETCH FIRST $4 ROWS WITH TIES;

-- name: states
-- The states of some Subjects. Apart from their Cycles: how a join of all would go hangs on statistics, often stale.
SELECT subject_id, state FROM subjects WHERE subject_id = ANY ($1::text[]);

-- name: digest_cycles
-- A digest of all that a plan says of Cycles: it changes when one of them does, or comes, or goes.
SELECT count(*) AS cycles,
       coalesce(sum(hash_record_extended(
           ROW(subject_id, policy_key, metric, cycle, target, target_us, phase, outcome, due_at, stopped_at,
               generation, revision, spans), 0)::numeric), 0)::text AS digest
FROM cycles
WHERE calendar_keys && $1::text[] AND (ended_at IS NULL OR ended_at >= $2);
