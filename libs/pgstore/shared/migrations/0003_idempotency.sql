-- What was answered to a mutation with an idempotency key, written in the transaction of its effect.
-- answer is null only while that transaction runs.
CREATE TABLE idempotency (
    tenant_id    text        NOT NULL DEFAULT current_setting('meantime.tenant'),
    operation    text        NOT NULL,
    key          text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea       NOT NULL,
    answer       bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, operation, key)
);

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
GRANT SELECT, INSERT, UPDATE ON idempotency TO meantime_app;
