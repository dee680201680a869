-- Firing across tenants: the only way past row-level security, and a narrow one.
--
-- Settings of fire_due: its plan must stay the index scan and the lookup by ctid, whatever the statistics say.

CREATE FUNCTION instant_text(instant timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- Fire at most `batch` thresholds that are past, not before the low-water mark: one statement moves the Cycles on
-- and writes the ledger and the outbox. A threshold is past a microsecond after its time: done at due is met.
CREATE FUNCTION fire_due(batch integer, low timestamptz)
RETURNS TABLE (tenant_id text, threshold text, at timestamptz, lag_us bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT c.ctid AS place
        FROM cycles AS c
        WHERE c.next_fire_at < statement_timestamp() AND c.next_fire_at >= low
        ORDER BY c.next_fire_at
        LIMIT batch
        FOR UPDATE SKIP LOCKED
    ), moved AS (
        UPDATE cycles AS c
        SET fire_at = c.fire_at[2:], fire_threshold = c.fire_threshold[2:],
            fired = c.fired || c.fire_threshold[1], fired_at = c.fire_at[1],
            outcome = CASE c.fire_threshold[1] WHEN 'breach' THEN 'BREACHED' ELSE c.outcome END,
            breached_at = CASE c.fire_threshold[1] WHEN 'breach' THEN c.due_at ELSE c.breached_at END
        FROM due
        WHERE c.ctid = due.place
        RETURNING c.tenant_id, c.subject_id, c.policy_key, c.metric, c.cycle, c.generation, c.revision, c.target,
                  c.due_at, c.fired[cardinality(c.fired)] AS threshold, c.fired_at AS at
    ), entered AS (
        INSERT INTO firings AS f (
            tenant_id, subject_id, policy_key, metric, cycle, generation, threshold, at, fired_at)
        SELECT m.tenant_id, m.subject_id, m.policy_key, m.metric, m.cycle, m.generation, m.threshold, m.at,
               statement_timestamp()
        FROM moved AS m
    ), told AS (
        INSERT INTO outbox (tenant_id, type, subject, payload)
        SELECT m.tenant_id, CASE m.threshold WHEN 'breach' THEN 'breach.fired' ELSE 'warning.fired' END, m.subject_id,
               jsonb_build_object(
                   'subject_id', m.subject_id, 'policy_key', m.policy_key, 'metric', m.metric, 'cycle', m.cycle,
                   'target', m.target, 'threshold', m.threshold, 'generation', m.generation,
                   'revision', m.revision, 'at', instant_text(m.at), 'due_at', instant_text(m.due_at))
        FROM moved AS m
        ORDER BY m.at
    )
    SELECT m.tenant_id, m.threshold, m.at,
           (extract(epoch FROM clock_timestamp() - m.at) * 1000000)::bigint
    FROM moved AS m;
END
$$;

-- Microseconds until the next threshold is past, negative where one is; NULL where none is left.
CREATE FUNCTION next_due(low timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
    SELECT (extract(epoch FROM c.next_fire_at - statement_timestamp()) * 1000000)::bigint
    FROM cycles AS c
    WHERE c.next_fire_at >= low
    ORDER BY c.next_fire_at
    LIMIT 1
$$;

CREATE FUNCTION tenants_to_refold(most integer) RETURNS TABLE (tenant_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$ SELECT DISTINCT r.tenant_id FROM refolds AS r ORDER BY r.tenant_id LIMIT most $$;

ALTER FUNCTION fire_due OWNER TO meantime_definer;
ALTER FUNCTION next_due OWNER TO meantime_definer;
ALTER FUNCTION tenants_to_refold OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION fire_due, next_due, tenants_to_refold FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fire_due, next_due, tenants_to_refold, instant_text TO meantime_app;
GRANT EXECUTE ON FUNCTION instant_text TO meantime_definer;
