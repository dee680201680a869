-- What an operator looks at: all that waits or is set aside, of all tenants and feeds, and who follows this service's.
CREATE FUNCTION feed_held()
RETURNS SETOF feed_failures
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT f.* FROM feed_failures AS f ORDER BY f.feed, f.tenant_id, f.place $$;

CREATE FUNCTION feed_follower_list()
RETURNS TABLE (follower text, moved_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT f.follower, f.moved_at FROM feed_followers AS f ORDER BY f.follower $$;

ALTER FUNCTION feed_held OWNER TO meantime_definer;
ALTER FUNCTION feed_follower_list OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION feed_held, feed_follower_list FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_held, feed_follower_list TO meantime_app;
