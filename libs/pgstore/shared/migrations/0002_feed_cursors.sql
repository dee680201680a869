-- How far this service has followed the feeds of others. A feed runs over all tenants, so its cursor belongs
-- to none of them: tenant_id is '*', which no tenant's id can be.
CREATE TABLE feed_cursors (
    tenant_id text        NOT NULL DEFAULT '*' CHECK (tenant_id = '*'),
    feed      text        NOT NULL,
    txid      xid8        NOT NULL,
    position  bigint      NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, feed)
);

ALTER TABLE feed_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_cursors FORCE ROW LEVEL SECURITY;
CREATE POLICY definer ON feed_cursors TO meantime_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_cursors TO meantime_definer;

CREATE FUNCTION feed_cursor_read(feed_name text)
RETURNS TABLE (txid xid8, "position" bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT c.txid, c.position FROM feed_cursors AS c WHERE c.tenant_id = '*' AND c.feed = feed_name $$;

-- Two followers of one feed may overlap: the cursor never moves back.
CREATE FUNCTION feed_cursor_save(feed_name text, new_txid xid8, new_position bigint)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    INSERT INTO feed_cursors AS c (feed, txid, position)
    VALUES (feed_name, new_txid, new_position)
    ON CONFLICT (tenant_id, feed) DO UPDATE
        SET txid = excluded.txid, position = excluded.position, moved_at = now()
        WHERE (c.txid, c.position) < (excluded.txid, excluded.position)
$$;

-- For a follower whose source has begun a new life (restored elsewhere): follow again from the start.
CREATE FUNCTION feed_cursor_forget(feed_name text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ DELETE FROM feed_cursors AS c WHERE c.tenant_id = '*' AND c.feed = feed_name $$;

ALTER FUNCTION feed_cursor_read OWNER TO meantime_definer;
ALTER FUNCTION feed_cursor_save OWNER TO meantime_definer;
ALTER FUNCTION feed_cursor_forget OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_cursor_read, feed_cursor_save, feed_cursor_forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_cursor_read, feed_cursor_save, feed_cursor_forget TO meantime_app;
