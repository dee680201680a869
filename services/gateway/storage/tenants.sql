-- name: insert_tenant
-- Make a tenant; no row comes back where the id is taken.
INSERT INTO tenants (tenant_id, name, created_at)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING tenant_id;

-- name: read_tenant
-- The session's own tenant.
SELECT tenant_id, name, created_at
FROM tenants
WHERE tenant_id = $1;
