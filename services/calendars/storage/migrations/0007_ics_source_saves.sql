-- Who made a source, or changed where its feed is: the other half of its audit, beside ics_decisions.

CREATE TABLE ics_source_saves (
    tenant_id     text NOT NULL,
    key           text NOT NULL,
    saved_at      timestamptz NOT NULL,
    saved_by      text NOT NULL,
    name          text NOT NULL,
    host          text,
    refresh_hours integer NOT NULL,
    PRIMARY KEY (tenant_id, key, saved_at, saved_by),
    FOREIGN KEY (tenant_id, key) REFERENCES ics_sources (tenant_id, key)
);
COMMENT ON COLUMN ics_source_saves.host IS 'Of the feed; the whole address may hold a secret, and is not copied.';

ALTER TABLE ics_source_saves ENABLE ROW LEVEL SECURITY;
ALTER TABLE ics_source_saves FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ics_source_saves TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
GRANT SELECT, INSERT ON ics_source_saves TO meantime_app;
