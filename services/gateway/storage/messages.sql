-- name: take
-- Keep what is new of a page of a service's feed, have it owed to webhooks, and move the feed's cursor.
SELECT tenant_id
FROM messages_take($1, $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[], $8,
                   $9::text::pg_snapshot, $10::text::pg_snapshot, $11);

-- name: read_after
-- The session's tenant's messages after a position, in order.
SELECT tenant_id, position, message_id, source, type, subject, payload, created_at
FROM messages
WHERE tenant_id = $1 AND position > $2
ORDER BY position
LIMIT $3;

-- name: last_position
-- The position of the session's tenant's latest message; 0 where there is none.
SELECT coalesce(max(position), 0) FROM messages WHERE tenant_id = $1;

-- name: read_all_after
-- The messages of all tenants after a position, in order, for an outlet that takes them all.
SELECT tenant_id, position, message_id, source, type, subject, payload, created_at FROM messages_after($1, $2);

-- name: lock_outlet
-- How far an outlet was served, held until the transaction ends; null where another holds it.
SELECT outlet_lock($1);

-- name: move_outlet
-- Remember how far an outlet was served.
SELECT outlet_move($1, $2);

-- name: forgotten
-- Up to which position messages were forgotten.
SELECT messages_forgotten();

-- name: prune
-- Forget messages that were taken longer ago than that, and what was owed of them.
SELECT messages_prune($1, $2, $3);
