-- Attributes of Subjects by which the board is narrowed: those that a policy names as filterable.

CREATE TABLE subject_attributes (
    tenant_id  text COLLATE "C" NOT NULL,
    subject_id text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, name)
);
COMMENT ON TABLE subject_attributes IS 'Follows the state of the Subject, in the transaction that saves it';
CREATE INDEX subject_attributes_by_value ON subject_attributes (tenant_id, name, value, subject_id);

ALTER TABLE subject_attributes ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject_attributes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON subject_attributes TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
GRANT SELECT, INSERT, UPDATE, DELETE ON subject_attributes TO meantime_app;
