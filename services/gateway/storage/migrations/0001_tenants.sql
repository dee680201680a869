-- Tenants and their API keys. A key's secret is kept as its SHA-256 only.

CREATE TABLE tenants (
    tenant_id  text        PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name       text        NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE api_keys (
    tenant_id    text        NOT NULL REFERENCES tenants,
    key_id       text        NOT NULL,
    name         text        NOT NULL,
    secret_hash  bytea       NOT NULL CHECK (octet_length(secret_hash) = 32),
    scopes       text[]      NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text        NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (tenant_id, key_id),
    UNIQUE (tenant_id, secret_hash)
);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON tenants TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

CREATE POLICY tenant ON api_keys TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

GRANT SELECT, INSERT ON tenants TO meantime_app;
GRANT SELECT, INSERT ON api_keys TO meantime_app;
GRANT UPDATE (revoked_at, last_used_at) ON api_keys TO meantime_app;
