-- name: insert_feed
-- Adds a feed.
INSERT INTO closure_feeds (tenant_id, feed_id, key, secret_digest, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: count_open
-- How many feeds of a calendar are open.
SELECT count(*) FROM closure_feeds WHERE tenant_id = $1 AND key = $2 AND revoked_at IS NULL;

-- name: list_feeds
-- The feeds of a calendar, newest first.
SELECT feed_id, key, created_at, created_by, revoked_at, revoked_by
FROM closure_feeds
WHERE tenant_id = $1 AND key = $2
ORDER BY created_at DESC, feed_id
LIMIT $3;

-- name: revoke_feed
-- Ends a feed, unless it has ended; the row is the feed as it is then.
UPDATE closure_feeds
SET revoked_at = coalesce(revoked_at, $3), revoked_by = coalesce(revoked_by, $4)
WHERE tenant_id = $1 AND feed_id = $2
RETURNING feed_id, key, created_at, created_by, revoked_at, revoked_by;

-- name: find_calendar
-- Which calendar a secret opens.
SELECT key FROM closure_feeds WHERE tenant_id = $1 AND secret_digest = $2 AND revoked_at IS NULL;
