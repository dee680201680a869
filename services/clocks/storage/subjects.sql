-- Subjects and their folded state.

-- name: insert_subjects
-- Make rows for Subjects never seen, in order of id, so that they can be locked.
INSERT INTO subjects (tenant_id, subject_id)
SELECT current_setting('meantime.tenant'), subject_id FROM unnest($1::text[]) AS batch (subject_id)
ON CONFLICT DO NOTHING;

-- name: lock_subjects
-- Lock Subjects in order of id and read their state.
SELECT subject_id, state, folded_revision
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

-- name: delete_empty_subjects
-- Give back rows of Subjects none of whose events could be folded.
DELETE FROM subjects WHERE subject_id = ANY ($1::text[]) AND state IS NULL;

-- name: read_subject
-- One Subject's state.
SELECT state, last_occurred_at, events FROM subjects WHERE subject_id = $1 AND state IS NOT NULL;
