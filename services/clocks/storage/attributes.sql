-- The attributes of Subjects by which lists are narrowed.

-- name: save_attributes
-- Write values of locked Subjects.
INSERT INTO subject_attributes (tenant_id, subject_id, name, value)
SELECT current_setting('meantime.tenant'), * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (tenant_id, subject_id, name) DO UPDATE
SET value = excluded.value
WHERE subject_attributes.value <> excluded.value;

-- name: delete_attributes
-- Take away values that locked Subjects do not have any more.
DELETE FROM subject_attributes
USING unnest($1::text[], $2::text[]) AS gone (subject_id, name)
WHERE subject_attributes.tenant_id = current_setting('meantime.tenant')
  AND subject_attributes.subject_id = gone.subject_id AND subject_attributes.name = gone.name;
