-- Whoever goes on from a place whose messages were forgotten must be told so, and not be given a gap.
INSERT INTO outlets (outlet, position) VALUES ('forgotten', 0);

-- Forget what was taken longer ago than `keep`, with its deliveries; answers how many messages.
CREATE OR REPLACE FUNCTION messages_prune(keep interval, max_rows integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH oldest AS (
        SELECT m.tenant_id, m.position, m.taken_at FROM messages AS m ORDER BY m.position LIMIT max_rows
    ), gone AS (
        DELETE FROM messages AS m USING oldest AS o
        WHERE m.tenant_id = o.tenant_id AND m.position = o.position
          AND o.taken_at < statement_timestamp() - keep
        RETURNING m.position
    ), noted AS (
        UPDATE outlets AS o SET position = GREATEST(o.position, (SELECT max(g.position) FROM gone AS g))
        WHERE o.tenant_id = '*' AND o.outlet = 'forgotten'
    )
    SELECT count(*) FROM gone
$$;

-- The position up to which messages were forgotten; 0: none was.
CREATE FUNCTION messages_forgotten()
RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT o.position FROM outlets AS o WHERE o.tenant_id = '*' AND o.outlet = 'forgotten' $$;

ALTER FUNCTION messages_forgotten OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION messages_forgotten FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messages_forgotten TO meantime_app;
