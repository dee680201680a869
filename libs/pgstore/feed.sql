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

-- name: read_waiting
-- The tenants of which messages of a feed wait, and whether the first of them may be tried again now.
SELECT tenant_id, is_due FROM feed_waiting($1);

-- name: postpone
-- Have messages of the tenant wait, behind those that do already; one that is there stays as it is.
INSERT INTO feed_failures (feed, message_id, type, subject, payload, created_at, attempts, reason)
SELECT $1, message.id, message.type, message.subject, message.payload, message.at, 0, $7
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
    WITH ORDINALITY AS message (id, type, subject, payload, at, place)
ORDER BY message.place
ON CONFLICT (tenant_id, feed, message_id) DO NOTHING;

-- name: read_line
-- The messages of the tenant that wait, in the order in which they were said.
SELECT tenant_id, message_id, type, subject, payload, created_at
FROM feed_failures
WHERE feed = $1 AND set_aside_at IS NULL
ORDER BY place
LIMIT $2;

-- name: note_failure
-- Note a failed attempt at a message, whether it counts against it, and set it aside where that was often enough.
UPDATE feed_failures AS f
SET attempts = f.attempts + $3, reason = $4, failed_at = statement_timestamp(),
    retry_at = statement_timestamp() + LEAST(GREATEST(2 * (f.retry_at - f.failed_at), $5::interval), $6::interval),
    set_aside_at = coalesce(f.set_aside_at, CASE WHEN f.attempts + $3 >= $7 THEN statement_timestamp() END),
    replay_asked_at = CASE WHEN $3 = 0 THEN f.replay_asked_at END
WHERE f.feed = $1 AND f.message_id = $2
RETURNING set_aside_at IS NOT NULL;

-- name: settle_failure
-- Forget what waited, or was set aside: it was handled.
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

-- name: list_held
-- What waits or is set aside, of all tenants and feeds.
SELECT feed, tenant_id, message_id, type, subject, attempts, reason, created_at, retry_at, set_aside_at, replay_asked_at
FROM feed_held();

-- name: replay
-- Ask for what is set aside of a feed to be tried again, or for one message of it.
SELECT feed_replay($1, $2);

-- name: list_followers
-- Who follows this service's feed, and when each last came further.
SELECT follower, moved_at FROM feed_follower_list();

-- name: forget_follower
-- Keep nothing for a follower any more.
SELECT feed_follower_forget($1);
