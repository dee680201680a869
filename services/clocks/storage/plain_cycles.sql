-- Plain Cycles: those that are counted by columns, many at once.

-- name: prefer_lookups
-- Look rows up one by one until the transaction ends: thousands of keys would make a join read the whole table.
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;

-- name: lock_plain_cycles
-- Lock the next plain Cycles on a Calendar, whole Subjects, in order of their keys; locked_at is later than what was fired.
SELECT locked.*, clock_timestamp() AS locked_at
FROM (
    SELECT subject_id, policy_key, metric, cycle, policy_version, target, target_us,
           (extract(epoch FROM due_at) * 1000000)::bigint AS due_us, spans,
           outcome = 'PENDING' AND cardinality(fired) = 0 AS silent
    FROM cycles
    WHERE calendar_key = $1 AND spans IS NOT NULL AND subject_id > $2 AND subject_id <= (
        SELECT max(subject_id)
        FROM (
            SELECT subject_id
            FROM cycles
            WHERE calendar_key = $1 AND spans IS NOT NULL AND subject_id > $2
            ORDER BY subject_id
            LIMIT $3
        ) AS batch
    )
    ORDER BY subject_id, policy_key, metric, cycle
    FOR UPDATE
) AS locked;

-- name: read_locked_cycles
-- Locked Cycles with all of their columns, in order of their keys.
SELECT subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
       calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, breached_at,
       stopped_at, ended_at, left_us, fire_at, fire_threshold, fired, generation, revision, spans, $5::timestamptz AS locked_at
FROM cycles
JOIN unnest($1::text[], $2::text[], $3::text[], $4::integer[]) AS batch (subject_id, policy_key, metric, cycle)
USING (subject_id, policy_key, metric, cycle)
ORDER BY subject_id, policy_key, metric, cycle;

-- name: redate_silent_cycles
-- Write locked Cycles of which nothing was fired, and will not have been: keep the numbers of those that change, tell.
WITH batch AS MATERIALIZED (
    SELECT *
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bigint[], $7::text[], $8::text[],
        $9::boolean[])
        AS batch (subject_id, policy_key, metric, cycle, due_at, left_us, fire_at, fire_threshold, changed)
), kept AS (
    INSERT INTO revisions (
        tenant_id, subject_id, policy_key, metric, cycle, revision, generation, policy_version, target, target_us,
        calendar_key, calendar_version, calendar_rule, phase, outcome, started_at, due_at, breached_at, stopped_at,
        cause)
    SELECT tenant_id, subject_id, policy_key, metric, cycle, revision, generation, policy_version, target, target_us,
           calendar_key, calendar_version, calendar_rule, phase, outcome, started_at, cycles.due_at, breached_at,
           stopped_at, $11
    FROM cycles
    JOIN batch USING (subject_id, policy_key, metric, cycle)
    WHERE changed
), moved AS (
    UPDATE cycles
    SET calendar_version = $10, due_at = batch.due_at::timestamptz, left_us = batch.left_us,
        fire_at = batch.fire_at::timestamptz[], fire_threshold = batch.fire_threshold::text[], revision = cycles.revision + batch.changed::integer
    FROM batch
    WHERE cycles.tenant_id = current_setting('meantime.tenant') AND cycles.subject_id = batch.subject_id
      AND cycles.policy_key = batch.policy_key AND cycles.metric = batch.metric AND cycles.cycle = batch.cycle
      AND (batch.changed OR calendar_version <> $10 OR cycles.left_us IS DISTINCT FROM batch.left_us
           OR cycles.fire_at <> batch.fire_at::timestamptz[])
    RETURNING cycles.tenant_id, cycles.subject_id, cycles.policy_key, cycles.metric, cycles.cycle, target,
              cycles.revision, batch.due_at, phase, cycles.outcome, changed
)
INSERT INTO outbox (tenant_id, type, subject, payload)
SELECT tenant_id, 'cycle.changed', subject_id,
       jsonb_build_object(
           'subject_id', subject_id, 'policy_key', policy_key, 'metric', metric, 'cycle', cycle,
           'target', target, 'revision', revision, 'due_at', due_at, 'phase', phase, 'outcome', outcome,
           'stopped_at', NULL)
FROM moved
WHERE changed;

-- name: redate_cycles
-- Write locked Cycles whose Calendar was amended, and tell of those whose numbers changed.
WITH batch AS (
    SELECT *
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[], $7::timestamptz[],
        $8::bigint[], $9::text[], $10::text[], $11::text[], $12::integer[], $13::integer[], $14::boolean[])
        WITH ORDINALITY AS batch (
            subject_id, policy_key, metric, cycle, outcome, due_at, breached_at, left_us, fire_at, fire_threshold,
            fired, generation, revision, changed, place)
), moved AS (
    UPDATE cycles
    SET calendar_version = $15, outcome = batch.outcome, due_at = batch.due_at, breached_at = batch.breached_at,
        left_us = batch.left_us, fire_at = batch.fire_at::timestamptz[], fire_threshold = batch.fire_threshold::text[],
        fired = batch.fired::text[], generation = batch.generation, revision = batch.revision
    FROM batch
    WHERE cycles.tenant_id = current_setting('meantime.tenant') AND cycles.subject_id = batch.subject_id
      AND cycles.policy_key = batch.policy_key AND cycles.metric = batch.metric AND cycles.cycle = batch.cycle
    RETURNING cycles.tenant_id, cycles.subject_id, cycles.policy_key, cycles.metric, cycles.cycle, target,
              cycles.revision, cycles.due_at, phase, cycles.outcome, stopped_at, changed, place
)
INSERT INTO outbox (tenant_id, type, subject, payload)
SELECT tenant_id, 'cycle.changed', subject_id,
       jsonb_build_object(
           'subject_id', subject_id, 'policy_key', policy_key, 'metric', metric, 'cycle', cycle,
           'target', target, 'revision', revision, 'due_at', instant_text(due_at), 'phase', phase,
           'outcome', outcome, 'stopped_at', instant_text(stopped_at))
FROM moved
WHERE changed
ORDER BY place;
