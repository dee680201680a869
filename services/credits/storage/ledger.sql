-- name: add_entry
-- Posts one entry of a Statement; the permanent key refuses to post it twice.
INSERT INTO ledger_entries (
    agreement_key, agreement_version, period, level, revision, statement_number, debit_account, credit_account,
    amount_minor, currency, posted_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: read_entries
-- The entries of one Statement, in order of level and revision.
SELECT
    agreement_key, agreement_version, period, level, revision, debit_account, credit_account, amount_minor,
    currency
FROM ledger_entries
WHERE tenant_id = current_setting('meantime.tenant') AND statement_number = $1
ORDER BY level, revision;
