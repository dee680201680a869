-- Messages of others' feeds that this service could not handle: how often it tried, and since when one is set aside,
-- so that the feed goes on without it. replay_asked_at: an operator wants it tried again.
CREATE TABLE feed_failures (
    tenant_id       text        NOT NULL DEFAULT current_setting('meantime.tenant'),
    feed            text        NOT NULL,
    message_id      uuid        NOT NULL,
    type            text        NOT NULL,
    subject         text        NOT NULL,
    payload         jsonb       NOT NULL,
    created_at      timestamptz NOT NULL,
    attempts        integer     NOT NULL,
    reason          text        NOT NULL,
    failed_at       timestamptz NOT NULL DEFAULT now(),
    set_aside_at    timestamptz,
    replay_asked_at timestamptz,
    PRIMARY KEY (tenant_id, feed, message_id)
);

ALTER TABLE feed_failures ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_failures FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON feed_failures TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY definer ON feed_failures TO meantime_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON feed_failures TO meantime_app;
GRANT SELECT, UPDATE ON feed_failures TO meantime_definer;

-- What is set aside, of all tenants and feeds, oldest first.
CREATE FUNCTION feed_set_aside()
RETURNS SETOF feed_failures
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT f.* FROM feed_failures AS f WHERE f.set_aside_at IS NOT NULL ORDER BY f.created_at, f.message_id $$;

-- Ask for what is set aside of a feed to be tried again, or for one message of it; answers how many.
CREATE FUNCTION feed_replay(feed_name text, id uuid DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH asked AS (
        UPDATE feed_failures AS f SET replay_asked_at = statement_timestamp()
        WHERE f.feed = feed_name AND f.set_aside_at IS NOT NULL AND (id IS NULL OR f.message_id = id)
        RETURNING 1
    )
    SELECT count(*) FROM asked
$$;

ALTER FUNCTION feed_set_aside OWNER TO meantime_definer;
ALTER FUNCTION feed_replay OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_set_aside, feed_replay FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_set_aside, feed_replay TO meantime_app;
