-- name: append
-- Put messages into the outbox of the tenant; one whose id is there already is not put in again.
INSERT INTO outbox (message_id, type, subject, payload)
SELECT message.id, message.type, message.subject, message.payload
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[])
    WITH ORDINALITY AS message (id, type, subject, payload, place)
ORDER BY message.place
ON CONFLICT (tenant_id, message_id) DO NOTHING;

-- name: read
-- The messages of all tenants after a cursor, as far as nothing can still come before them.
SELECT tenant_id, message_id, txid, position, type, subject, payload, created_at
FROM feed_read($1, $2, $3);

-- name: is_ahead
-- Whether a cursor's transaction has not begun yet: then it is from another life of the database.
SELECT $1::xid8 >= pg_snapshot_xmax(pg_current_snapshot());

-- name: read_cursor
-- How far this service has followed a feed.
SELECT txid, position FROM feed_cursor_read($1);

-- name: save_cursor
-- Remember how far this service has followed a feed; never moves back.
SELECT feed_cursor_save($1, $2, $3);

-- name: forget_cursor
-- Follow a feed again from its start.
SELECT feed_cursor_forget($1);
