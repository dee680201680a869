-- Who counts by zone rules of another edition than ours, and was not told yet: asked before the service answers.
CREATE FUNCTION tenants_of_other_rules(version text, after text, most integer) RETURNS TABLE (tenant_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT DISTINCT z.tenant_id FROM zone_rules AS z
    WHERE z.tzdata_version <> version AND z.tenant_id > after
      AND NOT EXISTS (
          SELECT FROM zone_changes AS c
          WHERE c.tenant_id = z.tenant_id AND c.zone = z.zone AND c.to_version = version
      )
    ORDER BY z.tenant_id LIMIT most
$$;

CREATE POLICY definer ON zone_rules TO meantime_definer USING (true);
CREATE POLICY definer ON zone_changes TO meantime_definer USING (true);
GRANT SELECT ON zone_rules TO meantime_definer;
GRANT SELECT ON zone_changes TO meantime_definer;
ALTER FUNCTION tenants_of_other_rules OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION tenants_of_other_rules FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_of_other_rules TO meantime_app;
