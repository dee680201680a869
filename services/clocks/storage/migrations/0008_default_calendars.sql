-- The tenant's default Calendar, by version.

CREATE TABLE default_calendars (
    tenant_id      text        COLLATE "C" NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    calendar_key   text        COLLATE "C" NOT NULL,
    effective_from timestamptz,
    created_at     timestamptz NOT NULL,
    created_by     text        NOT NULL,
    PRIMARY KEY (tenant_id, version),
    CHECK ((version = 1) = (effective_from IS NULL))
);
COMMENT ON TABLE default_calendars IS 'What counts where neither Target, attribute nor Policy names a Calendar';

ALTER TABLE default_calendars ENABLE ROW LEVEL SECURITY;
ALTER TABLE default_calendars FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON default_calendars TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
GRANT SELECT, INSERT ON default_calendars TO meantime_app;

ALTER TABLE cycles DROP CONSTRAINT cycles_calendar_rule_check, ADD CONSTRAINT cycles_calendar_rule_check
    CHECK (calendar_rule IN ('target', 'attribute', 'default', 'tenant_default'));
