-- What a service tells others. Rows are written in the transaction of the change that they tell of, and read
-- by followers in the order (txid, position).
CREATE TABLE outbox (
    tenant_id  text        NOT NULL DEFAULT current_setting('meantime.tenant'),
    message_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    txid       xid8        NOT NULL DEFAULT pg_current_xact_id(),
    position   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    type       text        NOT NULL,
    subject    text        NOT NULL,
    payload    jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id)
);

-- Not unique: a unique key would have to begin with the tenant, and order runs over all tenants.
CREATE INDEX outbox_order ON outbox (txid, position);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON outbox TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY definer ON outbox TO meantime_definer USING (true) WITH CHECK (true);

-- Append-only: nobody but the owner changes or removes what was said.
GRANT SELECT, INSERT ON outbox TO meantime_app;
GRANT SELECT, INSERT ON outbox TO meantime_definer;

-- The feed: all tenants' messages after a cursor, only those below the oldest transaction that is still
-- running. What commits later has a higher txid than all that was read, so a follower skips nothing.
CREATE FUNCTION feed_read(after_txid xid8, after_position bigint, max_rows integer)
RETURNS TABLE (
    tenant_id text, message_id uuid, txid xid8, "position" bigint, type text, subject text, payload jsonb,
    created_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT o.tenant_id, o.message_id, o.txid, o.position, o.type, o.subject, o.payload, o.created_at
    FROM outbox AS o
    WHERE (o.txid, o.position) > (after_txid, after_position)
      AND o.txid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY o.txid, o.position
    LIMIT max_rows
$$;
ALTER FUNCTION feed_read OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_read TO meantime_app;
