-- The key that a caller holds, by its tenant and its secret's hash: before anybody is believed, so without a tenant's
-- transaction, in one trip a request.
CREATE POLICY definer ON api_keys TO meantime_definer USING (true);
GRANT SELECT ON api_keys TO meantime_definer;

CREATE FUNCTION api_key_read(tenant text, hash bytea)
RETURNS SETOF api_keys
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT k.* FROM api_keys AS k WHERE k.tenant_id = tenant AND k.secret_hash = hash $$;

ALTER FUNCTION api_key_read OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION api_key_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key_read TO meantime_app;
