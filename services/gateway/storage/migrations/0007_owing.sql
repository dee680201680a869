-- How far a tenant's messages are owed to its webhooks. Taking a message from a feed and owing it are two steps: a tenant
-- with many webhooks and many messages makes millions of deliveries, and they keep nobody else's messages from being taken.
-- waits: there may be messages after owed_to. served_at: the tenant that has waited longest comes next.
CREATE TABLE owing (
    tenant_id text        NOT NULL,
    owed_to   bigint      NOT NULL,
    waits     boolean     NOT NULL,
    served_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (tenant_id)
);
CREATE INDEX owing_in_turn ON owing (served_at) WHERE waits;

ALTER TABLE owing ENABLE ROW LEVEL SECURITY;
ALTER TABLE owing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON owing TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY definer ON owing TO meantime_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON owing TO meantime_definer;

-- Take a page of a service's feed: keep what is new, have it owed to webhooks in its tenant's turn, and move the cursor of
-- the feed, all or nothing. Answers the tenants that got something new.
-- One at a time: so positions become visible in their order, and whoever follows them by position misses none.
CREATE OR REPLACE FUNCTION messages_take(
    source_name text, ids uuid[], tenants text[], types text[], subjects text[], payloads jsonb[],
    times timestamptz[], feed_name text, seen pg_snapshot, reading pg_snapshot, after_position bigint
)
RETURNS TABLE (tenant_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('meantime gateway messages'));
    PERFORM feed_cursor_save(feed_name, seen, reading, after_position);
    RETURN QUERY
    WITH fresh AS (
        INSERT INTO messages AS m (tenant_id, message_id, source, type, subject, payload, created_at)
        SELECT said.tenant, said.id, source_name, said.type, said.subject, said.payload, said.at
        FROM unnest(tenants, ids, types, subjects, payloads, times)
            WITH ORDINALITY AS said (tenant, id, type, subject, payload, at, place)
        ORDER BY said.place
        ON CONFLICT (tenant_id, message_id) DO NOTHING
        RETURNING m.tenant_id, m.position
    )
    INSERT INTO owing AS o (tenant_id, owed_to, waits)
    SELECT f.tenant_id, min(f.position) - 1, true FROM fresh AS f GROUP BY f.tenant_id ORDER BY f.tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET waits = true
    RETURNING o.tenant_id;
END
$$;

-- Owe a tenant's next messages to the webhooks whose filters they pass: of the tenant that has waited longest, as many as
-- make about `batch` deliveries. Answers whether there was one. Its row is held meanwhile: whoever takes messages of it
-- then waits, and says afterwards that there are more.
-- Those webhooks are touched after their deliveries are written, and always: a worker that finds nothing owed and lets a
-- webhook sleep holds its row, and is overruled here.
CREATE FUNCTION deliveries_owe(batch integer)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
    turn record;
    most bigint;
    found_messages bigint;
    last_position bigint;
BEGIN
    SELECT o.tenant_id, o.owed_to INTO turn
    FROM owing AS o WHERE o.waits ORDER BY o.served_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT GREATEST(batch / GREATEST(count(*), 1), 1) INTO most
    FROM webhooks AS w WHERE w.tenant_id = turn.tenant_id AND w.disabled_at IS NULL;
    SELECT count(*), max(p.position) INTO found_messages, last_position
    FROM (
        SELECT m.position FROM messages AS m
        WHERE m.tenant_id = turn.tenant_id AND m.position > turn.owed_to ORDER BY m.position LIMIT most
    ) AS p;
    WITH owed AS (
        INSERT INTO deliveries AS d (tenant_id, webhook_id, position)
        SELECT m.tenant_id, w.webhook_id, m.position
        FROM messages AS m
        JOIN webhooks AS w ON w.tenant_id = m.tenant_id AND w.disabled_at IS NULL
        WHERE m.tenant_id = turn.tenant_id AND m.position > turn.owed_to AND m.position <= last_position
          AND (w.types = '{}' OR EXISTS (
                SELECT FROM unnest(w.types) AS wanted (type)
                WHERE m.type = wanted.type OR starts_with(m.type, wanted.type || '.')))
          AND (w.policies = '{}' OR m.payload ->> 'policy_key' = ANY (w.policies))
          AND (w.metrics = '{}' OR m.payload ->> 'metric' = ANY (w.metrics))
          AND (w.targets = '{}' OR m.payload ->> 'target' = ANY (w.targets))
        ORDER BY m.position
        RETURNING d.tenant_id, d.webhook_id
    )
    UPDATE webhooks AS w
    SET wake_at = LEAST(w.wake_at, GREATEST(statement_timestamp(), w.held_until))
    FROM (SELECT DISTINCT o.tenant_id, o.webhook_id FROM owed AS o) AS o
    WHERE w.tenant_id = o.tenant_id AND w.webhook_id = o.webhook_id;
    UPDATE owing AS o
    SET owed_to = coalesce(last_position, o.owed_to), waits = found_messages = most, served_at = clock_timestamp()
    WHERE o.tenant_id = turn.tenant_id;
    RETURN true;
END
$$;

ALTER FUNCTION deliveries_owe OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION deliveries_owe FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deliveries_owe TO meantime_app;
