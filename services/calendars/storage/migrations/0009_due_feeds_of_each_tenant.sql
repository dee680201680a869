-- Feeds that are to be looked at, of a tenant at most so many, and none of those that have enough under way: the many
-- feeds that one has keep nobody else's waiting.
DROP FUNCTION ics_sources_due(timestamptz, integer);

CREATE FUNCTION ics_sources_due(at timestamptz, most integer, of_tenant integer, busy text[])
RETURNS TABLE (tenant_id text, key text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT d.tenant_id, d.key
    FROM (
        SELECT s.tenant_id, s.key, s.next_check_at,
               row_number() OVER (PARTITION BY s.tenant_id ORDER BY s.next_check_at, s.key) AS place
        FROM ics_sources AS s
        WHERE s.next_check_at <= at AND s.tenant_id <> ALL (busy)
    ) AS d
    WHERE d.place <= of_tenant
    ORDER BY d.place, d.next_check_at
    LIMIT most
$$;

ALTER FUNCTION ics_sources_due OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION ics_sources_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ics_sources_due TO meantime_app;
