-- The log of facts, append-only.

-- name: insert_events
-- Take what is new of a batch, and make rows for Subjects never seen; by sorted ids, so that batches never wait crosswise.
WITH taken AS (
    INSERT INTO events (tenant_id, event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
    SELECT current_setting('meantime.tenant'), event_id, subject_id, occurred_at, sequence, type,
           attributes::json, content_hash
    FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])
         AS batch (event_id, subject_id, occurred_at, sequence, type, attributes, content_hash)
    ON CONFLICT DO NOTHING
    RETURNING event_id, subject_id
), made AS (
    INSERT INTO subjects (tenant_id, subject_id)
    SELECT DISTINCT current_setting('meantime.tenant'), subject_id FROM taken ORDER BY subject_id
    ON CONFLICT DO NOTHING
)
SELECT event_id FROM taken;

-- name: read_content_hashes
-- What was known before, to tell a repeated event from a conflict.
SELECT event_id, content_hash FROM events WHERE event_id = ANY ($1::text[]);

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
