-- name: claim
-- Take the key for this transaction; returns nothing if it is taken, after waiting for whoever is taking it.
INSERT INTO idempotency (operation, key, request_hash)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, operation, key) DO NOTHING
RETURNING true;

-- name: read
-- What was asked and answered under the key.
SELECT request_hash, answer FROM idempotency WHERE operation = $1 AND key = $2;

-- name: answer
-- Keep the answer under the key that this transaction has claimed.
UPDATE idempotency SET answer = $3 WHERE operation = $1 AND key = $2;

-- name: trim
-- Forget old answers.
SELECT idempotency_trim($1, $2);
