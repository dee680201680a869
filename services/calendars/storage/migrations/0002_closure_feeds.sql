-- Feeds of closures: addresses that calendar programs subscribe to. Of the secret in one, only a digest is kept.

CREATE TABLE closure_feeds (
    tenant_id     text NOT NULL,
    feed_id       text NOT NULL CHECK (feed_id ~ '^[0-9a-f]{16}$'),
    key           text NOT NULL,
    secret_digest bytea NOT NULL CHECK (length(secret_digest) = 32),
    created_at    timestamptz NOT NULL,
    created_by    text NOT NULL,
    revoked_at    timestamptz,
    revoked_by    text,
    PRIMARY KEY (tenant_id, feed_id),
    FOREIGN KEY (tenant_id, key) REFERENCES calendars (tenant_id, key),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);

CREATE UNIQUE INDEX closure_feeds_by_secret ON closure_feeds (tenant_id, secret_digest);
CREATE INDEX closure_feeds_by_calendar ON closure_feeds (tenant_id, key, created_at);

ALTER TABLE closure_feeds ENABLE ROW LEVEL SECURITY;
ALTER TABLE closure_feeds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON closure_feeds TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by) ON closure_feeds TO meantime_app;
