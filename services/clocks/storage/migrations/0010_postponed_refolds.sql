-- Work that fails is put off, so that what one tenant's work runs into keeps no other's.

ALTER TABLE refolds
    ADD COLUMN failures integer NOT NULL DEFAULT 0,
    ADD COLUMN reason text,
    ADD COLUMN retry_at timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN refolds.failures IS 'How often in a row it failed';
COMMENT ON COLUMN refolds.reason IS 'Why it failed last';
COMMENT ON COLUMN refolds.retry_at IS 'It is not taken up before';

-- The tenants whose work has waited longest come first.
CREATE OR REPLACE FUNCTION tenants_to_refold(most integer) RETURNS TABLE (tenant_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT r.tenant_id
    FROM refolds AS r
    WHERE r.retry_at <= statement_timestamp()
    GROUP BY r.tenant_id
    ORDER BY min(r.refold_id)
    LIMIT most
$$;
