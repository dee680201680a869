-- A table as services make them, for the tests of what holds it.
CREATE TABLE notes (
    tenant_id text NOT NULL DEFAULT current_setting('meantime.tenant'),
    note_id   text NOT NULL,
    body      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, note_id)
);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notes TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO meantime_app;
