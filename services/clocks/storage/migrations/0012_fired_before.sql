-- A threshold that is due again in the generation in which it was fired already breaks the key of `firings`, and with it
-- the statement that fires for all tenants. Such a Cycle is moved on, and nothing is told twice. Answers how many were.
CREATE FUNCTION pass_fired(batch integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH due AS (
        SELECT c.ctid AS place
        FROM cycles AS c
        JOIN firings AS f
            ON f.tenant_id = c.tenant_id AND f.subject_id = c.subject_id AND f.policy_key = c.policy_key
           AND f.metric = c.metric AND f.cycle = c.cycle AND f.generation = c.generation
           AND f.threshold = c.fire_threshold[1]
        WHERE c.next_fire_at < statement_timestamp()
        ORDER BY c.next_fire_at
        LIMIT batch
        FOR UPDATE OF c SKIP LOCKED
    ), moved AS (
        UPDATE cycles AS c
        SET fire_at = c.fire_at[2:], fire_threshold = c.fire_threshold[2:],
            fired = c.fired || c.fire_threshold[1], fired_at = c.fire_at[1],
            outcome = CASE c.fire_threshold[1] WHEN 'breach' THEN 'BREACHED' ELSE c.outcome END,
            breached_at = CASE c.fire_threshold[1] WHEN 'breach' THEN c.due_at ELSE c.breached_at END
        FROM due
        WHERE c.ctid = due.place
        RETURNING 1
    )
    SELECT count(*) FROM moved
$$;

GRANT SELECT ON firings TO meantime_definer;
ALTER FUNCTION pass_fired OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION pass_fired FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pass_fired TO meantime_app;
