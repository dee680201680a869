-- The log of facts, append-only.

-- name: insert_events
-- Enter events that are not known yet.
INSERT INTO events (tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
SELECT current_setting('meantime.tenant'), event_id, subject_id, occurred_at, sequence, type, attributes,
       decode(content_hash, 'base64')
FROM json_to_recordset($1::json) AS batch (
    event_id text, subject_id text, occurred_at timestamptz, sequence bigint, type text, attributes json,
    content_hash text);

-- name: read_content_hashes
-- What is known of some ids, to tell a repeated event from a conflict. OFFSET 0: each is looked up by the key.
SELECT known.event_id, known.content_hash
FROM json_array_elements_text($1::json) AS asked (event_id)
CROSS JOIN LATERAL (
    SELECT event_id, content_hash FROM events WHERE events.event_id = asked.event_id OFFSET 0
) AS known;

-- name: read_events
-- All events of some Subjects, in the order in which they are folded.
SELECT event_id, subject_id, occurred_at, sequence, type, attributes
FROM events
WHERE subject_id = ANY ($1::text[])
ORDER BY subject_id, occurred_at, sequence, event_id;

-- name: read_events_known
-- The events of a Subject that had arrived by an instant, in the order in which they are folded.
SELECT event_id, subject_id, occurred_at, sequence, type, attributes
FROM events
WHERE subject_id = $1 AND received_at <= $2
ORDER BY subject_id, occurred_at, sequence, event_id;

-- name: has_events
-- Whether anything is known of a Subject.
SELECT EXISTS (SELECT FROM events WHERE subject_id = $1);

-- name: read_event
-- One event of a Subject.
SELECT event_id, subject_id, occurred_at, sequence, type, attributes
FROM events
WHERE event_id = $1 AND subject_id = $2;
