-- Subjects and their folded state.

-- name: make_subjects
-- Make rows for Subjects never seen, in order of id, so that batches never wait crosswise.
INSERT INTO subjects (tenant_id, subject_id)
SELECT current_setting('meantime.tenant'), subject_id FROM unnest($1::text[]) AS batch (subject_id) ORDER BY subject_id
ON CONFLICT DO NOTHING;

-- name: lock_subjects
-- Lock Subjects in order of id and read their state.
SELECT subject_id, state, folded_revision, statement_timestamp()
FROM subjects
WHERE subject_id = ANY ($1::text[])
ORDER BY subject_id
FOR UPDATE;

-- name: save_subjects
-- Write the state of locked Subjects.
UPDATE subjects
SET state = batch.state, last_occurred_at = batch.last_occurred_at, events = batch.events, folded_revision = $5
FROM unnest($1::text[], $2::bytea[], $3::timestamptz[], $4::bigint[])
     AS batch (subject_id, state, last_occurred_at, events)
WHERE subjects.tenant_id = current_setting('meantime.tenant') AND subjects.subject_id = batch.subject_id;

-- name: read_subject
-- One Subject's state.
SELECT state, last_occurred_at, events FROM subjects WHERE subject_id = $1 AND state IS NOT NULL;

-- name: read_subjects_page
-- The next Subjects in order of id, with what they came to and how many events that took.
SELECT subject_id, state, events
FROM subjects
WHERE subject_id > $1 AND state IS NOT NULL
ORDER BY subject_id
LIMIT $2;

-- name: count_subjects
-- How many Subjects there are, to show how far a walk over all of them has come.
SELECT count(*) FROM subjects WHERE state IS NOT NULL;
