-- Policies and their versions.

-- name: read_all_versions
-- Every version of every Policy, for a rulebook.
SELECT policy_key, version, effective_from, document
FROM policy_versions
ORDER BY policy_key, version;

-- name: read_versions_known
-- The versions of every Policy that had been saved by an instant.
SELECT policy_key, version, effective_from, document
FROM policy_versions
WHERE created_at <= $1
ORDER BY policy_key, version;

-- name: lock_policy
-- The latest version's number of a Policy that is about to be saved.
SELECT version FROM policies WHERE policy_key = $1 FOR UPDATE;

-- name: insert_policy
-- The first version of a Policy; no row comes back where the key is taken.
INSERT INTO policies (tenant_id, policy_key, name, version)
VALUES (current_setting('meantime.tenant'), $1, $2, 1)
ON CONFLICT DO NOTHING
RETURNING policy_key;

-- name: update_policy
-- A later version's number and name.
UPDATE policies SET name = $2, version = $3 WHERE policy_key = $1;

-- name: insert_version
-- What a version says; never changed afterwards. It was saved in knowledge of the tenant's default Calendar, and so not
-- before it, whatever the clocks of the hosts say that saved the two.
INSERT INTO policy_versions (tenant_id, policy_key, version, effective_from, document, created_at, created_by)
VALUES (current_setting('meantime.tenant'), $1, $2, $3, $4,
        GREATEST($5::timestamptz, (SELECT max(created_at) FROM default_calendars)), $6);

-- name: read_policy
-- A Policy by its key.
SELECT policy_key, name, version FROM policies WHERE policy_key = $1;

-- name: list_policies
-- A page of Policies in order of key, after a key.
SELECT policy_key, name, version FROM policies WHERE policy_key > $1 ORDER BY policy_key LIMIT $2;

-- name: read_versions
-- The versions of some Policies, oldest first.
SELECT policy_key, version, effective_from, document, created_at, created_by
FROM policy_versions
WHERE policy_key = ANY ($1::text[])
ORDER BY policy_key, version;
