-- What a service tells others. Rows are written in the transaction of the change that they tell of; position is
-- taken at the moment of writing.
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

-- Not unique: a unique key would have to begin with the tenant, and a feed runs over all tenants. The first finds
-- what is new, the second reads a long backlog in order.
CREATE INDEX outbox_by_transaction ON outbox (txid);
CREATE INDEX outbox_by_position ON outbox (position);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON outbox TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY definer ON outbox TO meantime_definer USING (true) WITH CHECK (true);

-- Append-only: services change or remove nothing that was said.
GRANT SELECT, INSERT ON outbox TO meantime_app;
GRANT SELECT, INSERT, UPDATE (txid) ON outbox TO meantime_definer;

-- The feed: all tenants' messages that can be seen in the snapshot `reading` and could not be in `seen`, in order
-- of position. So a message is read once, whenever its transaction commits: nothing is skipped. And what is written
-- in knowledge of another message comes after it: whoever sees the one sees the other, which has a lower position.
-- Planned for the values at hand, since what suits a moment's messages does not suit a year's.
CREATE FUNCTION feed_read(seen pg_snapshot, reading pg_snapshot, after_position bigint, max_rows integer)
RETURNS TABLE (
    tenant_id text, message_id uuid, "position" bigint, type text, subject text, payload jsonb, created_at timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT o.tenant_id, o.message_id, o.position, o.type, o.subject, o.payload, o.created_at
    FROM outbox AS o
    WHERE o.txid >= pg_snapshot_xmin(seen) AND o.txid < pg_snapshot_xmax(reading)
      AND NOT pg_visible_in_snapshot(o.txid, seen) AND pg_visible_in_snapshot(o.txid, reading)
      AND o.position > after_position
    ORDER BY o.position
    LIMIT max_rows;
END
$$;
ALTER FUNCTION feed_read OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_read FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_read TO meantime_app;
