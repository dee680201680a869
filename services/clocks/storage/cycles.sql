-- Cycles as they stand: the numbers that lists and measures read, and what is left to fire.

-- name: lock_cycles
-- Lock the Cycles of locked Subjects, so that no worker fires them meanwhile; locked_at is later than what was fired.
SELECT locked.*, clock_timestamp() AS locked_at
FROM (
    SELECT subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
           calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, breached_at,
           stopped_at, ended_at, left_us, fire_at, fire_threshold, fired, generation, revision, spans
    FROM cycles
    WHERE subject_id = ANY ($1::text[])
    ORDER BY subject_id, policy_key, metric, cycle
    FOR UPDATE
) AS locked;

-- name: save_cycles
-- Write Cycles that are new or changed, in order of their keys.
INSERT INTO cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, breached_at, stopped_at,
    ended_at, left_us, fire_at, fire_threshold, fired, generation, revision, spans)
SELECT
    current_setting('meantime.tenant'), subject_id, policy_key, metric, cycle, policy_version, target, target_us,
    calendar_key, calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, breached_at,
    stopped_at, ended_at, left_us, fire_at, fire_threshold, fired, generation, revision, spans
FROM json_to_recordset($1::json) AS batch (
    subject_id text, policy_key text, metric text, cycle integer, policy_version integer, target text,
    target_us bigint, calendar_key text, calendar_version integer, calendar_rule text, calendar_keys text[],
    phase text, outcome text, started_at timestamptz, due_at timestamptz, breached_at timestamptz,
    stopped_at timestamptz, ended_at timestamptz, left_us bigint, fire_at timestamptz[], fire_threshold text[],
    fired text[], generation integer, revision integer, spans bigint[])
ON CONFLICT (tenant_id, subject_id, policy_key, metric, cycle) DO UPDATE
SET
    policy_version = excluded.policy_version, target = excluded.target, target_us = excluded.target_us,
    calendar_key = excluded.calendar_key, calendar_version = excluded.calendar_version, calendar_rule =
    excluded.calendar_rule, calendar_keys = excluded.calendar_keys, phase = excluded.phase, outcome =
    excluded.outcome, started_at = excluded.started_at, due_at = excluded.due_at, breached_at =
    excluded.breached_at, stopped_at = excluded.stopped_at, ended_at = excluded.ended_at, left_us =
    excluded.left_us, fire_at = excluded.fire_at, fire_threshold = excluded.fire_threshold, fired =
    excluded.fired, generation = excluded.generation, revision = excluded.revision, spans = excluded.spans;

-- name: delete_cycles
-- Take away Cycles that, as restated, never were; their numbers stay in the revisions.
DELETE FROM cycles
USING unnest($1::text[], $2::text[], $3::text[], $4::integer[]) AS batch (subject_id, policy_key, metric, cycle)
WHERE cycles.tenant_id = current_setting('meantime.tenant') AND cycles.subject_id = batch.subject_id
  AND cycles.policy_key = batch.policy_key AND cycles.metric = batch.metric AND cycles.cycle = batch.cycle;

-- name: keep_revisions
-- Keep the numbers of Cycles that are about to be restated.
INSERT INTO revisions (
    tenant_id, subject_id, policy_key, metric, cycle, revision, generation, policy_version, target, target_us,
    calendar_key, calendar_version, calendar_rule, phase, outcome, started_at, due_at, breached_at, stopped_at, cause)
SELECT tenant_id, subject_id, policy_key, metric, cycle, revision, generation, policy_version, target, target_us,
       calendar_key, calendar_version, calendar_rule, phase, outcome, started_at, due_at, breached_at, stopped_at, $5
FROM cycles
JOIN unnest($1::text[], $2::text[], $3::text[], $4::integer[]) AS batch (subject_id, policy_key, metric, cycle)
USING (subject_id, policy_key, metric, cycle);

-- name: read_past_cycles
-- How far the numbers had come of Cycles that were taken away, should they come back.
SELECT subject_id, policy_key, metric, cycle, max(generation) AS generation, max(revision) AS revision
FROM revisions
WHERE subject_id = ANY ($1::text[])
GROUP BY subject_id, policy_key, metric, cycle;

-- name: insert_firings
-- Enter what this transaction fires into the ledger; what was fired before breaks its key.
INSERT INTO firings (tenant_id, subject_id, policy_key, metric, cycle, generation, threshold, at)
SELECT current_setting('meantime.tenant'), subject_id, policy_key, metric, cycle, generation, threshold, at
FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::integer[], $6::text[], $7::timestamptz[])
     AS batch (subject_id, policy_key, metric, cycle, generation, threshold, at);
