-- How far each follower has come in this service's feed, as it said when it last asked for more: what it has not seen
-- is kept for it, however old. A follower that is gone for good is forgotten by an operator.
CREATE TABLE feed_followers (
    tenant_id text        NOT NULL DEFAULT '*' CHECK (tenant_id = '*'),
    follower  text        NOT NULL,
    seen      pg_snapshot NOT NULL,
    moved_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, follower)
);

-- The latest transaction of which messages were trimmed: a cursor from before it may have missed some.
CREATE TABLE feed_trimmed (
    tenant_id text NOT NULL DEFAULT '*' CHECK (tenant_id = '*'),
    txid      xid8 NOT NULL,
    PRIMARY KEY (tenant_id)
);
INSERT INTO feed_trimmed (txid) VALUES ('0');

ALTER TABLE feed_followers ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_followers FORCE ROW LEVEL SECURITY;
ALTER TABLE feed_trimmed ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_trimmed FORCE ROW LEVEL SECURITY;
CREATE POLICY definer ON feed_followers TO meantime_definer USING (true) WITH CHECK (true);
CREATE POLICY definer ON feed_trimmed TO meantime_definer USING (true) WITH CHECK (true);
CREATE POLICY definer ON idempotency TO meantime_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_followers TO meantime_definer;
GRANT SELECT, UPDATE ON feed_trimmed TO meantime_definer;
GRANT DELETE ON outbox TO meantime_definer;
GRANT DELETE ON feed_failures TO meantime_definer;
GRANT SELECT, DELETE ON idempotency TO meantime_definer;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Note how far a follower has come; what it has seen may be trimmed from now on.
CREATE FUNCTION feed_follower_note(name text, seen pg_snapshot)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    INSERT INTO feed_followers AS f (follower, seen) VALUES ($1, $2)
    ON CONFLICT (tenant_id, follower) DO UPDATE SET seen = excluded.seen, moved_at = now()
$$;

-- Keep nothing for a follower any more.
CREATE FUNCTION feed_follower_forget(name text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ DELETE FROM feed_followers AS f WHERE f.tenant_id = '*' AND f.follower = name $$;

-- The latest transaction of which messages were trimmed.
CREATE FUNCTION feed_trimmed_to()
RETURNS xid8
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT t.txid FROM feed_trimmed AS t WHERE t.tenant_id = '*' $$;

-- Forget messages that are older than `keep` and that every follower has seen, at most so many; answers how many.
-- Where nobody follows, nothing is forgotten. With them go failures of that age at messages handled after all.
CREATE FUNCTION outbox_trim(keep interval, max_rows integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH behind AS (
        SELECT pg_snapshot_xmin(f.seen) AS txid FROM feed_followers AS f ORDER BY pg_snapshot_xmin(f.seen) LIMIT 1
    ), oldest AS (
        SELECT o.tenant_id, o.message_id, o.txid, o.created_at FROM outbox AS o ORDER BY o.position LIMIT max_rows
    ), gone AS (
        DELETE FROM outbox AS o
        USING oldest AS l, behind AS b
        WHERE o.tenant_id = l.tenant_id AND o.message_id = l.message_id
          AND l.created_at < statement_timestamp() - keep AND l.txid < b.txid
        RETURNING l.txid
    ), handled AS (
        DELETE FROM feed_failures AS f WHERE f.set_aside_at IS NULL AND f.failed_at < statement_timestamp() - keep
    ), noted AS (
        UPDATE feed_trimmed AS t
        SET txid = GREATEST(t.txid, (SELECT g.txid FROM gone AS g ORDER BY g.txid DESC LIMIT 1))
        WHERE t.tenant_id = '*' AND EXISTS (SELECT FROM gone)
    )
    SELECT count(*) FROM gone
$$;

-- Forget answers that are older than `keep`, at most so many; answers how many.
CREATE FUNCTION idempotency_trim(keep interval, max_rows integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH oldest AS (
        SELECT i.tenant_id, i.operation, i.key FROM idempotency AS i
        WHERE i.created_at < statement_timestamp() - keep
        ORDER BY i.created_at LIMIT max_rows
    ), gone AS (
        DELETE FROM idempotency AS i USING oldest AS l
        WHERE i.tenant_id = l.tenant_id AND i.operation = l.operation AND i.key = l.key
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- As before, and what was noted in another life of the database is forgotten.
CREATE OR REPLACE FUNCTION feed_settle()
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    UPDATE outbox SET txid = '3' WHERE txid >= pg_snapshot_xmax(pg_current_snapshot());
    UPDATE feed_trimmed SET txid = '0' WHERE txid >= pg_snapshot_xmax(pg_current_snapshot());
    DELETE FROM feed_followers WHERE pg_snapshot_xmax(seen) > pg_snapshot_xmax(pg_current_snapshot());
$$;

ALTER FUNCTION feed_follower_note OWNER TO meantime_definer;
ALTER FUNCTION feed_follower_forget OWNER TO meantime_definer;
ALTER FUNCTION feed_trimmed_to OWNER TO meantime_definer;
ALTER FUNCTION outbox_trim OWNER TO meantime_definer;
ALTER FUNCTION idempotency_trim OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_follower_note, feed_follower_forget, feed_trimmed_to, outbox_trim, idempotency_trim
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_follower_note, feed_follower_forget, feed_trimmed_to, outbox_trim, idempotency_trim
    TO meantime_app;
