-- Streams and pruning read the messages of all tenants in order, those who follow one tenant read its own. On an index
-- of the position itself the planner would answer the latter, too, where a tenant has a fair share of all messages:
-- by walking through everyone else's since that tenant spoke last, at every look. An index of an expression serves
-- only those who ask for the expression.
DROP INDEX messages_by_position;
CREATE INDEX messages_of_all_tenants ON messages ((position + 0));

CREATE OR REPLACE FUNCTION messages_after(after_position bigint, max_rows integer)
RETURNS SETOF messages
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT m.* FROM messages AS m WHERE m.position + 0 > after_position ORDER BY m.position + 0 LIMIT max_rows
$$;

CREATE OR REPLACE FUNCTION messages_prune(keep interval, max_rows integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH oldest AS (
        SELECT m.tenant_id, m.position, m.taken_at FROM messages AS m ORDER BY m.position + 0 LIMIT max_rows
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
