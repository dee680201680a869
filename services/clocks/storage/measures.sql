-- What measures look at: raw events, stopped Cycles, and Subjects' attributes as they stood at an instant.
--
-- Rows come in the order of the index, as far as it goes, so that no more than a portion of them is ever held. Evidence is
-- a record in the binary form of PostgreSQL: its fields say themselves where they end.

-- name: told_events
-- Two attributes, as JSON, of the events of a type in an Interval.
SELECT subject_id, timestamptz_send(occurred_at), record_send(ROW(event_id, content_hash)),
       attributes -> $4::text, attributes -> $5::text
FROM events
WHERE type = $1 AND occurred_at >= $2 AND occurred_at < $3
ORDER BY occurred_at, subject_id, sequence, event_id;

-- name: tally_told
-- How many of the same events say the same.
SELECT first, second, count(*)
FROM (
    SELECT (attributes -> $4::text)::text AS first, (attributes -> $5::text)::text AS second
    FROM events
    WHERE type = $1 AND occurred_at >= $2 AND occurred_at < $3
) AS told
GROUP BY first, second;

-- name: told_evidence
-- The evidence of the same events, in order.
SELECT event_id, content_hash
FROM events
WHERE type = $1 AND occurred_at >= $2::timestamptz AND occurred_at < $3::timestamptz
ORDER BY occurred_at, subject_id, sequence, event_id;

-- name: facts_of_subjects
-- The events of some types, whenever they were, of the Subjects that have one of other types in an Interval.
SELECT subject_id, timestamptz_send(occurred_at), record_send(ROW(event_id, content_hash)),
       array_position($1::text[], type) - 1
FROM (
    SELECT DISTINCT subject_id
    FROM events
    WHERE type = ANY ($2::text[]) AND occurred_at >= $3 AND occurred_at < $4
) AS named
JOIN events USING (subject_id)
WHERE type = ANY ($1::text[]) AND occurred_at < $5
ORDER BY subject_id, occurred_at, sequence, event_id;

-- name: facts_of_lasting
-- The events that begin and end what lasts, until an instant, of the Subjects of which something touches an Interval: they
-- have such an event in it, or one that began before it had not ended when it came. OFFSET 0: each Subject's by its key.
SELECT subject_id, timestamptz_send(occurred_at), record_send(ROW(event_id, content_hash)),
       array_position(ARRAY[$1, $2], type) - 1
FROM (
    SELECT subject_id
    FROM events
    WHERE type = ANY (ARRAY[$1, $2]) AND occurred_at >= $3 AND occurred_at < $4
    UNION
    SELECT subject_id
    FROM events AS opened
    WHERE type = $1 AND occurred_at < $3 AND NOT EXISTS (
        SELECT FROM events AS closed
        WHERE closed.subject_id = opened.subject_id AND closed.type = $2
          AND closed.occurred_at > opened.occurred_at AND closed.occurred_at < $3
    )
) AS named
CROSS JOIN LATERAL (
    SELECT occurred_at, sequence, type, event_id, content_hash
    FROM events
    WHERE events.subject_id = named.subject_id AND type = ANY (ARRAY[$1, $2]) AND occurred_at < $5
    OFFSET 0
) AS told
ORDER BY subject_id, occurred_at, sequence, event_id;

-- name: stopped_cycles
-- The Cycles of a Metric that stopped in an Interval, with the state to read them from if it is asked for.
SELECT subject_id, timestamptz_send(stopped_at), record_send(ROW(subject_id, cycle, target, stopped_at, revision)),
       target, cycle, timestamptz_send(started_at),
       CASE WHEN $6 THEN (
           SELECT state
           FROM subjects
           WHERE subjects.tenant_id = cycles.tenant_id AND subjects.subject_id = cycles.subject_id
       ) END
FROM cycles
WHERE policy_key = $1 AND metric = $2 AND phase = 'STOPPED' AND stopped_at >= $3 AND stopped_at < $4
  AND ($5::text IS NULL OR target = $5)
ORDER BY stopped_at, subject_id, cycle;

-- name: attributes_at
-- The values, as text, that attributes of Subjects had at an instant each; in the order asked.
SELECT ARRAY (
    SELECT (
        SELECT attributes ->> name
        FROM events
        WHERE events.subject_id = asked.subject_id AND occurred_at <= asked.at
          AND attributes -> name IS NOT NULL
        ORDER BY occurred_at DESC, sequence DESC, event_id DESC
        LIMIT 1
    )
    FROM unnest($3::text[]) WITH ORDINALITY AS names (name, place)
    ORDER BY place
)
FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS asked (subject_id, at, place)
ORDER BY place;
