-- name: append
-- Put messages into the outbox of the tenant, each under a random id.
INSERT INTO outbox (type, subject, payload)
SELECT message.type, message.subject, message.payload
FROM unnest($1::text[], $2::text[], $3::jsonb[]) WITH ORDINALITY AS message (type, subject, payload, place)
ORDER BY message.place;

-- name: append_once
-- Put messages into the outbox of the tenant; one whose id is there already is not put in again.
INSERT INTO outbox (message_id, type, subject, payload)
SELECT coalesce(message.id, gen_random_uuid()), message.type, message.subject, message.payload
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])
    WITH ORDINALITY AS message (id, type, subject, payload, place)
ORDER BY message.place
ON CONFLICT (tenant_id, message_id) DO NOTHING;

-- name: look
-- What can be seen now, and whether all that has ended in it is on disk; whether a cursor's snapshot is of a later time:
-- then it is from another life of the database; and whether messages that it has not seen may have been trimmed.
SELECT pg_current_snapshot()::text AS snapshot,
       pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn() AS is_durable,
       pg_snapshot_xmax($1::text::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) AS is_ahead,
       pg_snapshot_xmin($2::text::pg_snapshot) <= feed_trimmed_to() AS is_expired;

-- name: flush
-- Have all that has been written to the log until now on disk: a commit of its own waits for it.
SELECT pg_logical_emit_message(true, 'meantime', '');

-- name: note_follower
-- Note how far a follower has come in this service's feed.
SELECT feed_follower_note($1, $2::text::pg_snapshot);

-- name: trim_outbox
-- Forget old messages that every follower has seen.
SELECT outbox_trim($1, $2);

-- name: read
-- The next messages of all tenants among those that can be seen in one snapshot and could not be in another.
SELECT tenant_id, message_id, position, type, subject, payload, created_at
FROM feed_read($1::text::pg_snapshot, $2::text::pg_snapshot, $3, $4);

-- name: read_cursor
-- How far this service has followed a feed.
SELECT seen::text, reading::text, position FROM feed_cursor_read($1);

-- name: save_cursor
-- Remember how far this service has followed a feed; one that is behind does not move it back.
SELECT feed_cursor_save($1, $2::text::pg_snapshot, $3::text::pg_snapshot, $4);

-- name: count_failure
-- Count a failed attempt at a message of a feed, and answer how many there were.
INSERT INTO feed_failures AS f (feed, message_id, type, subject, payload, created_at, attempts, reason)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7)
ON CONFLICT (tenant_id, feed, message_id) DO UPDATE
    SET attempts = f.attempts + 1, reason = excluded.reason, failed_at = now(), replay_asked_at = NULL
RETURNING attempts;

-- name: set_aside
-- Go on without a message.
UPDATE feed_failures SET set_aside_at = coalesce(set_aside_at, now()) WHERE feed = $1 AND message_id = $2;

-- name: settle_failure
-- Forget what was counted against a message: it was handled.
DELETE FROM feed_failures WHERE feed = $1 AND message_id = $2;

-- name: read_asked
-- What was set aside first of a feed and shall be tried again, of all tenants: the order in which it came.
SELECT tenant_id, message_id, type, subject, payload, created_at
FROM feed_set_aside()
WHERE feed = $1 AND replay_asked_at IS NOT NULL
ORDER BY set_aside_at, message_id
LIMIT $2;

-- name: forget_cursor
-- Follow a feed again from its start.
SELECT feed_cursor_forget($1);
