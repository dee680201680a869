-- What is watched over: the rules of zones that a tenant's calendars count by, and holidays that run out.

CREATE TABLE zone_rules (
    tenant_id      text NOT NULL,
    zone           text NOT NULL,
    tzdata_version text NOT NULL,
    shifts         json NOT NULL,
    until          timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, zone)
);
COMMENT ON TABLE zone_rules IS 'The rules that a tenant''s due times were counted by: taken over, not only seen.';
COMMENT ON COLUMN zone_rules.shifts IS 'Pairs of an instant and the offset from then on, in seconds, until `until`.';

CREATE TABLE zone_changes (
    tenant_id    text NOT NULL,
    zone         text NOT NULL,
    from_version text NOT NULL,
    to_version   text NOT NULL,
    differs_from timestamptz NOT NULL,
    calendars    text[] NOT NULL,
    found_at     timestamptz NOT NULL,
    adopted_at   timestamptz,
    adopted_by   text,
    reason       text CHECK (reason <> ''),
    PRIMARY KEY (tenant_id, zone, to_version, from_version),
    CHECK ((adopted_at IS NULL) = (adopted_by IS NULL))
);
COMMENT ON TABLE zone_changes IS 'Changes of rules: when found, and who took them over, when and why. One row, one message.';

CREATE TABLE calendar_notices (
    tenant_id text NOT NULL,
    kind      text NOT NULL,
    subject   text NOT NULL,
    fact      text NOT NULL,
    noted_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, subject, fact)
);
COMMENT ON TABLE calendar_notices IS 'What was said once and is not said again.';

ALTER TABLE zone_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE zone_rules FORCE ROW LEVEL SECURITY;
ALTER TABLE zone_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE zone_changes FORCE ROW LEVEL SECURITY;
ALTER TABLE calendar_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_notices FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON zone_rules TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON zone_changes TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON calendar_notices TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

GRANT SELECT, INSERT, UPDATE (tzdata_version, shifts, until, seen_at) ON zone_rules TO meantime_app;
GRANT SELECT, INSERT, UPDATE (adopted_at, adopted_by, reason) ON zone_changes TO meantime_app;
GRANT SELECT, INSERT ON calendar_notices TO meantime_app;
