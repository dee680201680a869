-- Counting many Cycles at once: their running stretches beside their numbers, and work that goes by them.

ALTER TABLE cycles ADD COLUMN spans bigint[];
COMMENT ON COLUMN cycles.spans IS
    'Of a plain open Cycle, UTC microseconds: start and end of each running stretch, then the start of the open one; '
    'NULL: it is counted from the Subject''s state';
CREATE INDEX cycles_plain ON cycles (tenant_id, calendar_key, subject_id) WHERE spans IS NOT NULL;

ALTER TABLE refolds ADD COLUMN scope text NOT NULL DEFAULT 'all' CHECK (scope IN ('all', 'plain', 'rest'));
COMMENT ON COLUMN refolds.scope IS 'Whether it is about all Cycles, the plain ones, or the rest';
