-- Paused Cycles in order of time left: it stands still while they wait, so it is a number of the row.

ALTER TABLE cycles
    ADD COLUMN left_us bigint,
    ADD COLUMN left_order bigint
        GENERATED ALWAYS AS (CASE phase WHEN 'PAUSED' THEN coalesce(left_us, 9223372036854775807) END) STORED;
COMMENT ON COLUMN cycles.left_us IS
    'Of a paused Cycle, the business time left in microseconds; NULL: it runs, is over, or has a fixed point, up to '
    'which time runs out meanwhile';
COMMENT ON COLUMN cycles.left_order IS 'Of paused Cycles: least time left first, last those of which it does not stand still';
CREATE INDEX cycles_paused_by_left ON cycles (tenant_id, left_order, subject_id, policy_key, metric, cycle)
WHERE left_order IS NOT NULL;

-- Time left comes from Timelines, which SQL does not know: workers look at the Calendars of what is paused already. The
-- owner of the tables is held by row-level security as long as it is forced.
ALTER TABLE cycles NO FORCE ROW LEVEL SECURITY;
ALTER TABLE refolds NO FORCE ROW LEVEL SECURITY;
INSERT INTO refolds (tenant_id, cause, calendar_key, since, scope)
SELECT DISTINCT tenant_id, 'time left of what is paused', calendar_key, statement_timestamp(),
       CASE WHEN spans IS NULL THEN 'rest' ELSE 'plain' END
FROM cycles
WHERE phase = 'PAUSED';
ALTER TABLE refolds FORCE ROW LEVEL SECURITY;
ALTER TABLE cycles FORCE ROW LEVEL SECURITY;
