-- name: insert_api_key
-- Keep a new key: everything but its secret.
INSERT INTO api_keys (tenant_id, key_id, name, secret_hash, scopes, created_at, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: read_api_key_by_hash
-- The key that a caller holds, by its secret's hash; once per request, on a connection without a tenant.
SELECT tenant_id, key_id, name, scopes, created_at, created_by, expires_at, revoked_at, last_used_at
FROM api_key_read($1, $2);

-- name: revoke_api_key
-- Close a key for good; the first revocation's time stands.
UPDATE api_keys
SET revoked_at = coalesce(revoked_at, $3)
WHERE tenant_id = $1 AND key_id = $2
RETURNING tenant_id, key_id, name, scopes, created_at, created_by, expires_at, revoked_at, last_used_at;

-- name: touch_api_key
-- Note that a key was used; at most once a minute, so that reading stays reading.
UPDATE api_keys
SET last_used_at = $3
WHERE tenant_id = $1 AND key_id = $2;
