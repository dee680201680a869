-- Calendars, their versions, and which calendar is made of which. Append-only: nothing here is edited but
-- the latest version's number and the count of changes.

CREATE TABLE calendar_books (
    tenant_id text NOT NULL,
    revision  bigint NOT NULL,
    PRIMARY KEY (tenant_id)
);
COMMENT ON TABLE calendar_books IS
    'One row a tenant, the first lock of every change: writers of a tenant queue here. revision counts changes.';

CREATE TABLE calendars (
    tenant_id  text NOT NULL,
    key        text NOT NULL CHECK (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name       text NOT NULL CHECK (name <> ''),
    version    integer NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
COMMENT ON COLUMN calendars.version IS 'The latest version''s number.';

CREATE TABLE calendar_versions (
    tenant_id       text NOT NULL,
    key             text NOT NULL,
    version         integer NOT NULL CHECK (version >= 1),
    mode            text NOT NULL CHECK (mode IN ('FORWARD', 'RESTATE')),
    effective_from  timestamptz,
    document        json NOT NULL,
    document_digest bytea NOT NULL CHECK (length(document_digest) = 32),
    reason          text CHECK (reason <> ''),
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    PRIMARY KEY (tenant_id, key, version),
    FOREIGN KEY (tenant_id, key) REFERENCES calendars (tenant_id, key),
    CHECK ((version = 1) = (effective_from IS NULL)),
    CHECK (mode = 'FORWARD' OR reason IS NOT NULL)
);
COMMENT ON COLUMN calendar_versions.effective_from IS 'From when the version holds; null for the first: always.';
COMMENT ON COLUMN calendar_versions.document IS 'As written, keys in the writer''s order: hence json, not jsonb.';
COMMENT ON COLUMN calendar_versions.document_digest IS 'SHA-256 over the document with sorted keys.';

CREATE INDEX calendar_versions_by_time ON calendar_versions (tenant_id, created_at, key, version);

CREATE TABLE calendar_references (
    tenant_id text NOT NULL,
    key       text NOT NULL,
    version   integer NOT NULL,
    refers_to text NOT NULL,
    PRIMARY KEY (tenant_id, key, version, refers_to),
    FOREIGN KEY (tenant_id, key, version) REFERENCES calendar_versions (tenant_id, key, version),
    FOREIGN KEY (tenant_id, refers_to) REFERENCES calendars (tenant_id, key)
);
COMMENT ON TABLE calendar_references IS 'The parent or operands that a version names.';

CREATE INDEX calendar_references_by_target ON calendar_references (tenant_id, refers_to, key);

ALTER TABLE calendar_books ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_books FORCE ROW LEVEL SECURITY;
ALTER TABLE calendars ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendars FORCE ROW LEVEL SECURITY;
ALTER TABLE calendar_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_versions FORCE ROW LEVEL SECURITY;
ALTER TABLE calendar_references ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_references FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON calendar_books TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON calendars TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON calendar_versions TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON calendar_references TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

GRANT SELECT, INSERT, UPDATE (revision) ON calendar_books TO meantime_app;
GRANT SELECT, INSERT, UPDATE (version) ON calendars TO meantime_app;
GRANT SELECT, INSERT ON calendar_versions TO meantime_app;
GRANT SELECT, INSERT ON calendar_references TO meantime_app;
