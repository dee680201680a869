-- name: owe
-- Owe the next messages of the tenant that has waited longest to its webhooks; false where none waits.
SELECT deliveries_owe($1);

-- name: read_due
-- What is owed to a webhook now, in order, with the messages.
SELECT m.tenant_id, m.position, m.message_id, m.source, m.type, m.subject, m.payload, m.created_at,
       d.attempts, extract(epoch FROM statement_timestamp() - d.owed_since)::double precision AS owed_s
FROM deliveries AS d
JOIN messages AS m ON m.tenant_id = d.tenant_id AND m.position = d.position
WHERE d.tenant_id = $1 AND d.webhook_id = $2 AND d.state = 'PENDING' AND d.next_attempt_at <= statement_timestamp()
ORDER BY d.next_attempt_at, d.position
LIMIT $3;

-- name: record
-- Write how attempts went; what was settled meanwhile stays as it is.
UPDATE deliveries AS d
SET state = went.state, attempts = d.attempts + 1, last_attempt_at = statement_timestamp(),
    next_attempt_at = statement_timestamp() + went.delay_s * interval '1 second',
    last_status = went.status, last_error = went.error,
    delivered_at = CASE WHEN went.state = 'DELIVERED' THEN statement_timestamp() END
FROM unnest($3::bigint[], $4::text[], $5::double precision[], $6::integer[], $7::text[])
    AS went (position, state, delay_s, status, error)
WHERE d.tenant_id = $1 AND d.webhook_id = $2 AND d.position = went.position AND d.state = 'PENDING';

-- name: read_page
-- What is or was owed to a webhook, latest first, before a position.
SELECT m.tenant_id, m.position, m.message_id, m.source, m.type, m.subject, m.payload, m.created_at,
       d.webhook_id, d.state, d.attempts, d.owed_since, d.next_attempt_at, d.last_attempt_at, d.last_status,
       d.last_error, d.delivered_at
FROM deliveries AS d
JOIN messages AS m ON m.tenant_id = d.tenant_id AND m.position = d.position
WHERE d.tenant_id = $1 AND d.webhook_id = $2 AND d.position < $3 AND ($4::text IS NULL OR d.state = $4)
ORDER BY d.position DESC
LIMIT $5;

-- name: replay_one
-- Owe a message anew, whatever became of it.
UPDATE deliveries
SET state = 'PENDING', attempts = 0, owed_since = statement_timestamp(), next_attempt_at = statement_timestamp(),
    delivered_at = NULL
WHERE tenant_id = $1 AND webhook_id = $2 AND position = $3
RETURNING position;

-- name: replay_dead
-- Owe a webhook's dead letters anew, oldest first, at most so many.
UPDATE deliveries AS d
SET state = 'PENDING', attempts = 0, owed_since = statement_timestamp(), next_attempt_at = statement_timestamp()
FROM (
    SELECT tenant_id, webhook_id, position
    FROM deliveries
    WHERE tenant_id = $1 AND webhook_id = $2 AND state = 'DEAD'
    ORDER BY position
    LIMIT $3
    FOR UPDATE
) AS dead
WHERE d.tenant_id = dead.tenant_id AND d.webhook_id = dead.webhook_id AND d.position = dead.position
RETURNING d.position;

-- name: expire
-- Give up what was owed for too long by webhooks that take nothing.
SELECT deliveries_expire($1, $2);

-- name: backlog
-- How many deliveries wait, and how old the oldest is that may be sent.
SELECT waiting, oldest_s FROM deliveries_backlog();
