-- A message that its follower could not handle no longer holds up the feed. It waits here to be tried again, and behind
-- it, in the order in which they were said, those of its tenant that came later: set_aside_at is null while it does.
-- attempts: 0 for one that was not tried by itself yet. retry_at: not before then; the pause doubles.
ALTER TABLE feed_failures
    ADD COLUMN place bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN retry_at timestamptz NOT NULL DEFAULT now();

CREATE INDEX feed_failures_waiting ON feed_failures (tenant_id, feed, place) WHERE set_aside_at IS NULL;

-- The tenants of which messages of a feed wait, and whether the first of them may be tried again now.
CREATE FUNCTION feed_waiting(feed_name text)
RETURNS TABLE (tenant_id text, is_due boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT DISTINCT ON (f.tenant_id) f.tenant_id, f.retry_at <= statement_timestamp()
    FROM feed_failures AS f
    WHERE f.feed = feed_name AND f.set_aside_at IS NULL
    ORDER BY f.tenant_id, f.place
$$;

ALTER FUNCTION feed_waiting OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_waiting TO meantime_app;

-- Forget messages that are older than `keep` and that every follower has seen, at most so many; answers how many.
-- Where nobody follows, nothing is forgotten. What waits or is set aside stays, however old.
CREATE OR REPLACE FUNCTION outbox_trim(keep interval, max_rows integer)
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
    ), noted AS (
        UPDATE feed_trimmed AS t
        SET txid = GREATEST(t.txid, (SELECT g.txid FROM gone AS g ORDER BY g.txid DESC LIMIT 1))
        WHERE t.tenant_id = '*' AND EXISTS (SELECT FROM gone)
    )
    SELECT count(*) FROM gone
$$;
REVOKE DELETE ON feed_failures FROM meantime_definer;
