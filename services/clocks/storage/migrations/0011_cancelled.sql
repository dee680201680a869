-- Cycles by when they were cancelled: a measure counts those that were open at the end of its period.

CREATE INDEX cycles_cancelled ON cycles (tenant_id, policy_key, metric, ended_at) WHERE phase = 'CANCELLED';
