-- What the measures are taken of, and what SQL says of the same rows; $1 the tenant, $2 and $3 the period.

-- name: answered
-- Calls that were answered, with the time that they had waited; $4 how many.
INSERT INTO clocks.events (
    tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT $1, 'E-' || n, 'T-' || n, $2::timestamptz + n * (($3::timestamptz - $2::timestamptz) / ($4 + 1)), 0,
       'call.answered', json_build_object('wait_s', n * 7919::bigint % 600, 'queue', 'q' || n % 7), sha256('x')
FROM generate_series(1, $4::integer) AS n;

-- name: queued
-- The same calls, up to ten minutes before.
INSERT INTO clocks.events (
    tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT $1, 'Q-' || n, 'T-' || n,
       $2::timestamptz + n * (($3::timestamptz - $2::timestamptz) / ($4 + 1))
           - (1 + n * 7919::bigint % 600) * interval '1 second', 0,
       'call.queued', '{}', sha256('x')
FROM generate_series(1, $4::integer) AS n;

-- name: outages
-- Half as many outages, of up to three seconds: each is two facts.
INSERT INTO clocks.events (
    tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT $1, kind || n, 'O-' || n,
       $2::timestamptz + n * (($3::timestamptz - $2::timestamptz) / ($4 + 1)) + late * n % 4 * interval '1 second', late,
       'outage.' || kind, '{}', sha256('x')
FROM generate_series(1, $4::integer, 2) AS n, (VALUES ('started', 0), ('ended', 1)) AS told (kind, late);

-- name: subjects
-- Subjects with the state of one that was solved.
INSERT INTO clocks.subjects (tenant_id, subject_id, state, last_occurred_at, events, folded_revision)
SELECT $1, 'T-' || n, seed.state, greatest($2::timestamptz, $3::timestamptz), 1, seed.folded_revision
FROM generate_series(1, $4::integer) AS n, clocks.subjects AS seed
WHERE seed.tenant_id = $1 AND seed.subject_id = 'solved';

-- name: cycles
-- Cycles that stopped, one in seven too late.
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, stopped_at, ended_at,
    breached_at)
SELECT $1, 'T-' || n, 'resolution', 'resolution', 1, 1, 'P' || 1 + n % 4, 3600000000, 'sao-paulo', 1,
       'default', '{sao-paulo}', 'STOPPED', CASE WHEN n % 7 = 0 THEN 'BREACHED' ELSE 'MET' END,
       at - interval '1 hour', at, at, at, CASE WHEN n % 7 = 0 THEN at END
FROM (
    SELECT n, $2::timestamptz + n * (($3::timestamptz - $2::timestamptz) / ($4 + 1)) AS at
    FROM generate_series(1, $4::integer) AS n
) AS story;

-- name: kept
-- Promises met, and all.
SELECT count(*) FILTER (WHERE outcome = 'MET'), count(*)
FROM clocks.cycles
WHERE tenant_id = $1 AND policy_key = 'resolution' AND counted_at >= $2 AND counted_at < $3;

-- name: mean
-- The sum of numbers, and how many.
SELECT sum((attributes ->> 'wait_s')::numeric), count(*)
FROM clocks.events
WHERE tenant_id = $1 AND type = 'call.answered' AND occurred_at >= $2 AND occurred_at < $3;

-- name: percentile
-- The number that nine in ten do not exceed.
SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY (attributes ->> 'wait_s')::numeric), 1
FROM clocks.events
WHERE tenant_id = $1 AND type = 'call.answered' AND occurred_at >= $2 AND occurred_at < $3;

-- name: spans
-- The sum of waits on the wall, and how many.
SELECT extract(epoch FROM sum(occurred_at - since)) * 1000000, count(*)
FROM (
    SELECT type, occurred_at, lag(occurred_at) OVER (PARTITION BY subject_id ORDER BY occurred_at) AS since
    FROM clocks.events
    WHERE tenant_id = $1 AND type = ANY ('{call.queued,call.answered}') AND occurred_at < $3
) AS told
WHERE type = 'call.answered' AND occurred_at >= $2;

-- name: paired
-- The same pairs, read and not counted: all of them waited less than an hour.
SELECT count(since), count(since)
FROM (
    SELECT type, occurred_at, lag(occurred_at) OVER (PARTITION BY subject_id ORDER BY occurred_at) AS since
    FROM clocks.events
    WHERE tenant_id = $1 AND type = ANY ('{call.queued,call.answered}') AND occurred_at < $3
) AS told
WHERE type = 'call.answered' AND occurred_at >= $2;

-- name: up
-- The time without outages, and all of it.
SELECT extract(epoch FROM $3 - $2::timestamptz - sum(upper(one) - lower(one))) * 1000000,
       extract(epoch FROM $3 - $2::timestamptz) * 1000000
FROM (
    SELECT unnest(range_agg(tstzrange(since, occurred_at) * tstzrange($2, $3))) AS one
    FROM (
        SELECT type, occurred_at,
               lag(occurred_at) OVER (PARTITION BY subject_id ORDER BY occurred_at, sequence) AS since
        FROM clocks.events
        WHERE tenant_id = $1 AND type = ANY ('{outage.started,outage.ended}')
    ) AS told
    WHERE type = 'outage.ended'
) AS down;

-- name: elapsed
-- The sum of what Cycles took on the wall, and how many.
SELECT extract(epoch FROM sum(stopped_at - started_at)) * 1000000, count(*)
FROM clocks.cycles
WHERE tenant_id = $1 AND policy_key = 'resolution' AND stopped_at >= $2 AND stopped_at < $3;

-- name: states
-- The states that the business time of Cycles is counted from, read and not counted.
SELECT sum(octet_length(textin(byteaout(state)))), NULL
FROM clocks.cycles
JOIN clocks.subjects USING (tenant_id, subject_id)
WHERE tenant_id = $1 AND policy_key = 'resolution' AND stopped_at >= $2 AND stopped_at < $3;
