-- name: append
-- Put messages into the outbox of the tenant; one whose id is there already is not put in again.
INSERT INTO outbox (message_id, type, subject, payload)
SELECT message.id, message.type, message.subject, message.payload
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])
    WITH ORDINALITY AS message (id, type, subject, payload, place)
ORDER BY message.place
ON CONFLICT (tenant_id, message_id) DO NOTHING;

-- name: look
-- What can be seen now, and whether a cursor's snapshot is of a later time: then it is from another life of the
-- database.
SELECT pg_current_snapshot()::text AS snapshot,
       pg_snapshot_xmax($1::text::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) AS is_ahead;

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

-- name: forget_cursor
-- Follow a feed again from its start.
SELECT feed_cursor_forget($1);
