-- What measures read: events by their type, and Cycles by when they stopped.

CREATE INDEX events_by_type ON events (tenant_id, type, occurred_at);
CREATE INDEX cycles_stopped ON cycles (tenant_id, policy_key, metric, stopped_at) WHERE stopped_at IS NOT NULL;
