-- Lease the webhooks that have waited longest for what they are owed; nobody else sends to them for `lease`. Tenants take
-- turns, and of one at most `of_tenant` are leased at once, by all workers together: a tenant whose receivers are slow,
-- or owed a lot for long, keeps nobody else's waiting.
DROP FUNCTION webhooks_claim(integer, interval);
CREATE INDEX webhooks_leased ON webhooks (tenant_id) WHERE lease_id IS NOT NULL;

CREATE FUNCTION webhooks_claim(max_rows integer, lease interval, of_tenant integer)
RETURNS TABLE (tenant_id text, webhook_id text, lease_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH leased AS (
        SELECT w.tenant_id, count(*) AS number
        FROM webhooks AS w
        WHERE w.lease_id IS NOT NULL AND w.leased_until > statement_timestamp()
        GROUP BY w.tenant_id
    ), waiting AS (
        SELECT w.tenant_id, w.webhook_id,
               row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.wake_at) + coalesce(l.number, 0) AS place
        FROM webhooks AS w
        LEFT JOIN leased AS l ON l.tenant_id = w.tenant_id
        WHERE w.wake_at <= statement_timestamp() AND w.disabled_at IS NULL
          AND (w.leased_until IS NULL OR w.leased_until <= statement_timestamp())
    ), due AS (
        SELECT w.tenant_id, w.webhook_id
        FROM webhooks AS w
        JOIN waiting AS n ON n.tenant_id = w.tenant_id AND n.webhook_id = w.webhook_id
        WHERE w.wake_at <= statement_timestamp() AND w.disabled_at IS NULL
          AND (w.leased_until IS NULL OR w.leased_until <= statement_timestamp())
          AND n.place <= of_tenant
        ORDER BY n.place, w.wake_at
        LIMIT max_rows
        FOR NO KEY UPDATE OF w SKIP LOCKED
    )
    UPDATE webhooks AS w
    SET lease_id = gen_random_uuid(), leased_until = statement_timestamp() + lease
    FROM due
    WHERE w.tenant_id = due.tenant_id AND w.webhook_id = due.webhook_id
    RETURNING w.tenant_id, w.webhook_id, w.lease_id
$$;

-- Forget what was taken longer ago than `keep`, with its deliveries; answers how many messages. for_streams: what the
-- streams have not taken yet stays, however old, for as long as their Redis is away.
DROP FUNCTION messages_prune(interval, integer);

CREATE FUNCTION messages_prune(keep interval, max_rows integer, for_streams boolean)
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
          AND (NOT for_streams OR o.position <= (
              SELECT s.position FROM outlets AS s WHERE s.tenant_id = '*' AND s.outlet = 'streams'))
        RETURNING m.position
    ), noted AS (
        UPDATE outlets AS o SET position = GREATEST(o.position, (SELECT max(g.position) FROM gone AS g))
        WHERE o.tenant_id = '*' AND o.outlet = 'forgotten'
    )
    SELECT count(*) FROM gone
$$;

ALTER FUNCTION webhooks_claim OWNER TO meantime_definer;
ALTER FUNCTION messages_prune OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION webhooks_claim, messages_prune FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhooks_claim, messages_prune TO meantime_app;
