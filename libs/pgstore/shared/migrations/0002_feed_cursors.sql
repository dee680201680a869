-- How far this service has followed the feeds of others: all that could be seen in the snapshot `seen`, and of what
-- can be seen in `reading` what comes up to `position`. A feed runs over all tenants, so its cursor belongs to none of
-- them: tenant_id is '*', which no tenant's id can be.
CREATE TABLE feed_cursors (
    tenant_id text        NOT NULL DEFAULT '*' CHECK (tenant_id = '*'),
    feed      text        NOT NULL,
    seen      pg_snapshot NOT NULL,
    reading   pg_snapshot,
    position  bigint      NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, feed)
);

ALTER TABLE feed_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_cursors FORCE ROW LEVEL SECURITY;
CREATE POLICY definer ON feed_cursors TO meantime_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_cursors TO meantime_definer;

CREATE FUNCTION feed_cursor_read(feed_name text)
RETURNS TABLE (seen pg_snapshot, reading pg_snapshot, "position" bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT c.seen, c.reading, c.position FROM feed_cursors AS c WHERE c.tenant_id = '*' AND c.feed = feed_name $$;

-- Two followers of one feed may overlap: one that is behind does not undo what the other has saved.
CREATE FUNCTION feed_cursor_save(feed_name text, seen pg_snapshot, reading pg_snapshot, "position" bigint)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    INSERT INTO feed_cursors AS c (feed, seen, reading, position)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, feed) DO UPDATE
        SET seen = excluded.seen, reading = excluded.reading, position = excluded.position, moved_at = now()
        WHERE (pg_snapshot_xmax(c.seen), pg_snapshot_xmin(c.seen))
           <= (pg_snapshot_xmax(excluded.seen), pg_snapshot_xmin(excluded.seen))
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

-- After a restore into a server whose transactions count from lower: what was said before is older than all that
-- will be. Called whenever migrations run; changes nothing on a server that wrote all of its rows itself.
CREATE FUNCTION feed_settle()
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    UPDATE outbox SET txid = '3' WHERE txid >= pg_snapshot_xmax(pg_current_snapshot());
$$;
ALTER FUNCTION feed_settle OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_settle FROM PUBLIC;
