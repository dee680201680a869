-- ICS sources: files that were uploaded, and feeds that are looked at again and again; what each of them said,
-- and which of it counts. Editions are append-only; a source's row holds where it stands.

CREATE TABLE ics_sources (
    tenant_id       text NOT NULL,
    key             text NOT NULL CHECK (key ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    name            text NOT NULL CHECK (name <> ''),
    url             text,
    refresh_hours   integer NOT NULL CHECK (refresh_hours BETWEEN 1 AND 720),
    editions        integer NOT NULL DEFAULT 0 CHECK (editions >= 0),
    accepted        integer CHECK (accepted BETWEEN 1 AND editions),
    pending         integer CHECK (pending BETWEEN 1 AND editions),
    dismissed       integer CHECK (dismissed BETWEEN 1 AND editions),
    checked_at      timestamptz,
    problem         text,
    next_check_at   timestamptz,
    created_at      timestamptz NOT NULL,
    created_by      text NOT NULL,
    PRIMARY KEY (tenant_id, key),
    CHECK (url IS NOT NULL OR next_check_at IS NULL)
);
COMMENT ON COLUMN ics_sources.url IS 'Where the feed is; null: content is uploaded. May hold a secret of its owner.';
COMMENT ON COLUMN ics_sources.editions IS 'How many were read; the newest one''s number.';
COMMENT ON COLUMN ics_sources.accepted IS 'The edition that new versions of calendars take.';
COMMENT ON COLUMN ics_sources.pending IS 'The edition that waits for a decision.';
COMMENT ON COLUMN ics_sources.dismissed IS 'The edition that was turned down last: it is not offered again.';
COMMENT ON COLUMN ics_sources.problem IS 'Why the last look at the feed failed; null: it did not.';

CREATE INDEX ics_sources_to_check ON ics_sources (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE ics_editions (
    tenant_id text NOT NULL,
    key       text NOT NULL,
    edition   integer NOT NULL CHECK (edition >= 1),
    digest    text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    entries   json NOT NULL,
    skipped   json NOT NULL,
    read_at   timestamptz NOT NULL,
    read_by   text NOT NULL,
    PRIMARY KEY (tenant_id, key, edition),
    FOREIGN KEY (tenant_id, key) REFERENCES ics_sources (tenant_id, key)
);
COMMENT ON COLUMN ics_editions.digest IS 'SHA-256 over the entries: what documents are pinned to.';

CREATE INDEX ics_editions_by_digest ON ics_editions (tenant_id, key, digest);

CREATE TABLE ics_decisions (
    tenant_id  text NOT NULL,
    key        text NOT NULL,
    edition    integer NOT NULL,
    decision   text NOT NULL CHECK (decision IN ('ACCEPTED', 'DISMISSED')),
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL,
    reason     text CHECK (reason <> ''),
    PRIMARY KEY (tenant_id, key, edition, decided_at, decision),
    FOREIGN KEY (tenant_id, key, edition) REFERENCES ics_editions (tenant_id, key, edition)
);
COMMENT ON TABLE ics_decisions IS 'The audit of sources: who let what count, or turned it down, when and why.';

CREATE TABLE calendar_imports (
    tenant_id text NOT NULL,
    key       text NOT NULL,
    version   integer NOT NULL,
    source    text NOT NULL,
    digest    text NOT NULL,
    PRIMARY KEY (tenant_id, key, version, source, digest),
    FOREIGN KEY (tenant_id, key, version) REFERENCES calendar_versions (tenant_id, key, version),
    FOREIGN KEY (tenant_id, source) REFERENCES ics_sources (tenant_id, key)
);
COMMENT ON TABLE calendar_imports IS 'The content of sources that a version is pinned to.';

CREATE INDEX calendar_imports_by_source ON calendar_imports (tenant_id, source, key, version);

ALTER TABLE ics_sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE ics_sources FORCE ROW LEVEL SECURITY;
ALTER TABLE ics_editions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ics_editions FORCE ROW LEVEL SECURITY;
ALTER TABLE ics_decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ics_decisions FORCE ROW LEVEL SECURITY;
ALTER TABLE calendar_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_imports FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON ics_sources TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON ics_editions TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON ics_decisions TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON calendar_imports TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

GRANT SELECT, INSERT ON ics_sources TO meantime_app;
GRANT UPDATE (name, url, refresh_hours, editions, accepted, pending, dismissed, checked_at, problem, next_check_at)
    ON ics_sources TO meantime_app;
GRANT SELECT, INSERT ON ics_editions TO meantime_app;
GRANT SELECT, INSERT ON ics_decisions TO meantime_app;
GRANT SELECT, INSERT ON calendar_imports TO meantime_app;

-- What the worker finds work by, over all tenants.
CREATE FUNCTION ics_sources_due(at timestamptz, most integer) RETURNS TABLE (tenant_id text, key text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT s.tenant_id, s.key FROM ics_sources AS s
    WHERE s.next_check_at <= at ORDER BY s.next_check_at LIMIT most
$$;

CREATE FUNCTION tenants_with_calendars(after text, most integer) RETURNS TABLE (tenant_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT b.tenant_id FROM calendar_books AS b WHERE b.tenant_id > after ORDER BY b.tenant_id LIMIT most $$;

CREATE POLICY definer ON ics_sources TO meantime_definer USING (true);
CREATE POLICY definer ON calendar_books TO meantime_definer USING (true);
GRANT SELECT ON ics_sources TO meantime_definer;
GRANT SELECT ON calendar_books TO meantime_definer;
ALTER FUNCTION ics_sources_due OWNER TO meantime_definer;
ALTER FUNCTION tenants_with_calendars OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION ics_sources_due, tenants_with_calendars FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ics_sources_due, tenants_with_calendars TO meantime_app;
