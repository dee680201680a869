-- The board: Cycles in order of due time, those that have none last. A column, not an expression in the index:
-- under row-level security only a column's statistics say how many rows lie in a range.

ALTER TABLE cycles ADD COLUMN due_order timestamptz NOT NULL
    GENERATED ALWAYS AS (coalesce(due_at, 'infinity'::timestamptz)) STORED;
CREATE INDEX cycles_by_due ON cycles (tenant_id, due_order, subject_id, policy_key, metric, cycle);
CREATE INDEX cycles_open_by_due ON cycles (tenant_id, due_order, subject_id, policy_key, metric, cycle)
WHERE phase IN ('RUNNING', 'PAUSED');
