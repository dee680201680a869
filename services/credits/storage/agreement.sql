-- name: create_agreement
-- Takes the key if it is free; answers the version, or nothing when the key is taken.
INSERT INTO agreements (agreement_key, customer, version)
VALUES ($1, $2, 1)
ON CONFLICT (tenant_id, agreement_key) DO NOTHING
RETURNING version;

-- name: advance_agreement
-- Moves the record on to its next version; answers nothing when another version than the expected one is latest.
UPDATE agreements
SET customer = $2, version = version + 1
WHERE tenant_id = current_setting('meantime.tenant') AND agreement_key = $1 AND version = $3
RETURNING version;

-- name: add_version
-- Keeps a document as a version, for good.
INSERT INTO agreement_versions (agreement_key, version, document, created_at, created_by)
VALUES ($1, $2, $3, $4, $5);

-- name: read_latest
-- The latest version's number and document.
SELECT v.version, v.document
FROM agreements AS a
JOIN agreement_versions AS v
    ON v.tenant_id = a.tenant_id AND v.agreement_key = a.agreement_key AND v.version = a.version
WHERE a.tenant_id = current_setting('meantime.tenant') AND a.agreement_key = $1;

-- name: read_agreements
-- Agreements by key, with all their versions in order.
SELECT a.agreement_key, a.customer, v.version, v.document, v.created_at, v.created_by
FROM agreements AS a
JOIN agreement_versions AS v ON v.tenant_id = a.tenant_id AND v.agreement_key = a.agreement_key
WHERE a.tenant_id = current_setting('meantime.tenant') AND a.agreement_key = ANY ($1::text[])
ORDER BY a.agreement_key, v.version;

-- name: list_keys
-- A page of keys in order, after a key (null: from the first).
SELECT agreement_key
FROM agreements
WHERE tenant_id = current_setting('meantime.tenant') AND ($1::text IS NULL OR agreement_key > $1)
ORDER BY agreement_key
LIMIT $2;

-- name: read_version
-- The number of the latest version.
SELECT version
FROM agreements
WHERE tenant_id = current_setting('meantime.tenant') AND agreement_key = $1;
