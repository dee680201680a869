-- name: insert
-- Keep a new webhook; its secret comes sealed.
INSERT INTO webhooks (tenant_id, webhook_id, name, url, types, policies, metrics, targets, max_in_flight, secret,
                      created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: count
-- How many webhooks the session's tenant has.
SELECT count(*) FROM webhooks WHERE tenant_id = $1;

-- name: read
-- One webhook, without its secrets.
SELECT tenant_id, webhook_id, name, url, types, policies, metrics, targets, max_in_flight, created_at, created_by,
       previous_until, disabled_at, disabled_reason, failures, held_until
FROM webhooks
WHERE tenant_id = $1 AND webhook_id = $2;

-- name: read_all
-- Webhooks in order of id, after one.
SELECT tenant_id, webhook_id, name, url, types, policies, metrics, targets, max_in_flight, created_at, created_by,
       previous_until, disabled_at, disabled_reason, failures, held_until
FROM webhooks
WHERE tenant_id = $1 AND webhook_id > $2
ORDER BY webhook_id
LIMIT $3;

-- name: lock
-- Hold a webhook's row before it is read to be changed: a receiver may be disabling it just now.
SELECT webhook_id FROM webhooks WHERE tenant_id = $1 AND webhook_id = $2 FOR NO KEY UPDATE;

-- name: update
-- Change what a tenant may change. One that is switched on again begins anew: nothing is held against it.
UPDATE webhooks
SET name = $3, url = $4, types = $5, policies = $6, metrics = $7, targets = $8, max_in_flight = $9,
    disabled_at = $10::timestamptz, disabled_reason = $11,
    failures = CASE WHEN disabled_at IS NOT NULL AND $10::timestamptz IS NULL THEN 0 ELSE failures END,
    held_until = CASE WHEN disabled_at IS NOT NULL AND $10::timestamptz IS NULL THEN NULL ELSE held_until END,
    wake_at = CASE WHEN disabled_at IS NOT NULL AND $10::timestamptz IS NULL THEN statement_timestamp() ELSE wake_at END
WHERE tenant_id = $1 AND webhook_id = $2;

-- name: rotate
-- Put a new secret in place; the one before signs too until then.
UPDATE webhooks
SET previous_secret = secret, previous_until = $4, secret = $3
WHERE tenant_id = $1 AND webhook_id = $2;

-- name: delete
-- Forget a webhook, and with it what it was owed.
DELETE FROM webhooks WHERE tenant_id = $1 AND webhook_id = $2 RETURNING webhook_id;

-- name: claim
-- Lease webhooks of all tenants that are owed something now, of one tenant no more than so many at once.
SELECT tenant_id, webhook_id, lease_id FROM webhooks_claim($1, $2, $3);

-- name: read_leased
-- What is needed to send to a webhook, as long as the lease is ours and it is switched on.
SELECT url, max_in_flight, failures, secret,
       CASE WHEN previous_until > statement_timestamp() THEN previous_secret END AS previous_secret
FROM webhooks
WHERE tenant_id = $1 AND webhook_id = $2 AND lease_id = $3 AND disabled_at IS NULL;

-- name: lock_leased
-- Hold a webhook's row before what it is owed is looked at, so that whoever adds to that comes before or after.
SELECT webhook_id FROM webhooks WHERE tenant_id = $1 AND webhook_id = $2 AND lease_id = $3 FOR NO KEY UPDATE;

-- name: release
-- End a lease: count failures, hold or disable the webhook, and say when it is next owed something.
UPDATE webhooks AS w
SET lease_id = NULL, leased_until = NULL, failures = $3,
    held_until = CASE WHEN $4::double precision > 0 THEN statement_timestamp() + $4 * interval '1 second' END,
    disabled_at = CASE WHEN $5::text IS NULL THEN w.disabled_at ELSE coalesce(w.disabled_at, statement_timestamp()) END,
    disabled_reason = coalesce(w.disabled_reason, $5),
    wake_at = (
        SELECT GREATEST(min(d.next_attempt_at), statement_timestamp() + $4 * interval '1 second')
        FROM deliveries AS d
        WHERE d.tenant_id = $1 AND d.webhook_id = $2 AND d.state = 'PENDING'
        HAVING count(*) > 0
    )
WHERE w.tenant_id = $1 AND w.webhook_id = $2;

-- name: wake
-- Have a webhook looked at: something is owed to it again.
UPDATE webhooks
SET wake_at = LEAST(wake_at, GREATEST(statement_timestamp(), held_until))
WHERE tenant_id = $1 AND webhook_id = $2;
