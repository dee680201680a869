-- name: begin_counting
-- Makes the tenant's counter where there is none.
INSERT INTO statement_counters (last_number) VALUES (0) ON CONFLICT (tenant_id) DO NOTHING;

-- name: lock_counter
-- Queues closes of a tenant: whoever holds the row is the only one to give a number.
SELECT last_number
FROM statement_counters
WHERE tenant_id = current_setting('meantime.tenant')
FOR UPDATE;

-- name: take_number
-- Gives the next number; rolled back with its transaction.
UPDATE statement_counters
SET last_number = last_number + 1
WHERE tenant_id = current_setting('meantime.tenant')
RETURNING last_number;

-- name: add_statement
-- Freezes an assessment under its number.
INSERT INTO statements (number, agreement_key, agreement_version, period, assessment, closed_at, closed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: read_statement
-- The Statement of an Agreement and period.
SELECT number, assessment, closed_at, closed_by
FROM statements
WHERE tenant_id = current_setting('meantime.tenant') AND agreement_key = $1 AND period = $2;

-- name: list_statements
-- A page of Statements in order of number, after a number, of one Agreement or of all (null).
SELECT number, assessment, closed_at, closed_by
FROM statements
WHERE tenant_id = current_setting('meantime.tenant')
    AND number > $1
    AND ($2::text IS NULL OR agreement_key = $2)
ORDER BY number
LIMIT $3;
