-- Messages of all services, kept for a while in one order a tenant can follow, and how they reach those outside.

CREATE TABLE messages (
    tenant_id  text        NOT NULL,
    position   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    message_id uuid        NOT NULL,
    source     text        NOT NULL,
    type       text        NOT NULL,
    subject    text        NOT NULL,
    payload    jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    taken_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (tenant_id, position),
    UNIQUE (tenant_id, message_id)
);

-- Not unique, since it runs over all tenants: streams and pruning follow it.
CREATE INDEX messages_by_position ON messages (position);

-- Where a tenant wants its messages. An empty filter lets everything through. Secrets are sealed by the gateway.
-- wake_at: when there is next something to send; null: nothing is owed. While leased, one worker sends to it.
CREATE TABLE webhooks (
    tenant_id       text        NOT NULL REFERENCES tenants,
    webhook_id      text        NOT NULL,
    name            text        NOT NULL,
    url             text        NOT NULL,
    types           text[]      NOT NULL,
    policies        text[]      NOT NULL,
    metrics         text[]      NOT NULL,
    targets         text[]      NOT NULL,
    max_in_flight   integer     NOT NULL CHECK (max_in_flight BETWEEN 1 AND 32),
    secret          text        NOT NULL,
    previous_secret text,
    previous_until  timestamptz,
    created_at      timestamptz NOT NULL,
    created_by      text        NOT NULL,
    disabled_at     timestamptz,
    disabled_reason text,
    failures        integer     NOT NULL DEFAULT 0,
    held_until      timestamptz,
    wake_at         timestamptz,
    lease_id        uuid,
    leased_until    timestamptz,
    PRIMARY KEY (tenant_id, webhook_id)
);

CREATE INDEX webhooks_to_wake ON webhooks (wake_at) WHERE disabled_at IS NULL;

-- One message owed to one webhook. owed_since: from when on its days are counted; a replay counts anew.
CREATE TABLE deliveries (
    tenant_id       text        NOT NULL,
    webhook_id      text        NOT NULL,
    position        bigint      NOT NULL,
    state           text        NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
    attempts        integer     NOT NULL DEFAULT 0,
    owed_since      timestamptz NOT NULL DEFAULT statement_timestamp(),
    next_attempt_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    last_attempt_at timestamptz,
    last_status     integer,
    last_error      text,
    delivered_at    timestamptz,
    PRIMARY KEY (tenant_id, webhook_id, position),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, position) REFERENCES messages ON DELETE CASCADE
);

CREATE INDEX deliveries_due ON deliveries (tenant_id, webhook_id, next_attempt_at, position)
    WHERE state = 'PENDING';
CREATE INDEX deliveries_dead ON deliveries (tenant_id, webhook_id, position) WHERE state = 'DEAD';
CREATE INDEX deliveries_waiting ON deliveries (owed_since) WHERE state = 'PENDING';
CREATE INDEX deliveries_by_message ON deliveries (tenant_id, position);

-- How far messages were carried to an outlet that takes those of all tenants; tenant_id is '*', no tenant's id.
CREATE TABLE outlets (
    tenant_id text   NOT NULL DEFAULT '*' CHECK (tenant_id = '*'),
    outlet    text   NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (tenant_id, outlet)
);
INSERT INTO outlets (outlet, position) VALUES ('streams', 0);

ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhooks FORCE ROW LEVEL SECURITY;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;
ALTER TABLE outlets ENABLE ROW LEVEL SECURITY;
ALTER TABLE outlets FORCE ROW LEVEL SECURITY;

CREATE POLICY tenant ON messages TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON webhooks TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY tenant ON deliveries TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));
CREATE POLICY definer ON messages TO meantime_definer USING (true) WITH CHECK (true);
CREATE POLICY definer ON webhooks TO meantime_definer USING (true) WITH CHECK (true);
CREATE POLICY definer ON deliveries TO meantime_definer USING (true) WITH CHECK (true);
CREATE POLICY definer ON outlets TO meantime_definer USING (true) WITH CHECK (true);

GRANT SELECT ON messages TO meantime_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks TO meantime_app;
GRANT SELECT, UPDATE ON deliveries TO meantime_app;
GRANT SELECT, INSERT, DELETE ON messages TO meantime_definer;
GRANT SELECT, UPDATE ON webhooks TO meantime_definer;
GRANT SELECT, INSERT, UPDATE ON deliveries TO meantime_definer;
GRANT SELECT, UPDATE ON outlets TO meantime_definer;

-- Take a page of a service's feed: keep what is new, owe it to the webhooks whose filters it passes, and move the
-- cursor of the feed, all or nothing. Answers the tenants that got something new.
-- One at a time: so positions become visible in their order, and whoever follows them by position misses none. Those
-- webhooks are touched after their deliveries are written, and always: a worker that finds nothing owed and lets a
-- webhook sleep holds its row, and is overruled here.
CREATE FUNCTION messages_take(
    source_name text, ids uuid[], tenants text[], types text[], subjects text[], payloads jsonb[],
    times timestamptz[], feed_name text, seen pg_snapshot, reading pg_snapshot, after_position bigint
)
RETURNS TABLE (tenant_id text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('meantime gateway messages'));
    PERFORM feed_cursor_save(feed_name, seen, reading, after_position);
    RETURN QUERY
    WITH fresh AS (
        INSERT INTO messages AS m (tenant_id, message_id, source, type, subject, payload, created_at)
        SELECT said.tenant, said.id, source_name, said.type, said.subject, said.payload, said.at
        FROM unnest(tenants, ids, types, subjects, payloads, times)
            WITH ORDINALITY AS said (tenant, id, type, subject, payload, at, place)
        ORDER BY said.place
        ON CONFLICT (tenant_id, message_id) DO NOTHING
        RETURNING m.tenant_id, m.position, m.type, m.payload
    ), owed AS (
        INSERT INTO deliveries AS d (tenant_id, webhook_id, position)
        SELECT f.tenant_id, w.webhook_id, f.position
        FROM fresh AS f
        JOIN webhooks AS w ON w.tenant_id = f.tenant_id AND w.disabled_at IS NULL
        WHERE (w.types = '{}' OR EXISTS (
                SELECT FROM unnest(w.types) AS wanted (type)
                WHERE f.type = wanted.type OR starts_with(f.type, wanted.type || '.')))
          AND (w.policies = '{}' OR f.payload ->> 'policy_key' = ANY (w.policies))
          AND (w.metrics = '{}' OR f.payload ->> 'metric' = ANY (w.metrics))
          AND (w.targets = '{}' OR f.payload ->> 'target' = ANY (w.targets))
        RETURNING d.tenant_id, d.webhook_id
    ), woken AS (
        UPDATE webhooks AS w
        SET wake_at = LEAST(w.wake_at, GREATEST(statement_timestamp(), w.held_until))
        FROM (SELECT DISTINCT o.tenant_id, o.webhook_id FROM owed AS o) AS o
        WHERE w.tenant_id = o.tenant_id AND w.webhook_id = o.webhook_id
    )
    SELECT DISTINCT f.tenant_id FROM fresh AS f;
END
$$;

-- Lease the webhooks that have waited longest for what they are owed; nobody else sends to them for `lease`.
CREATE FUNCTION webhooks_claim(max_rows integer, lease interval)
RETURNS TABLE (tenant_id text, webhook_id text, lease_id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH due AS (
        SELECT w.tenant_id, w.webhook_id
        FROM webhooks AS w
        WHERE w.wake_at <= statement_timestamp() AND w.disabled_at IS NULL
          AND (w.leased_until IS NULL OR w.leased_until <= statement_timestamp())
        ORDER BY w.wake_at
        LIMIT max_rows
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE webhooks AS w
    SET lease_id = gen_random_uuid(), leased_until = statement_timestamp() + lease
    FROM due
    WHERE w.tenant_id = due.tenant_id AND w.webhook_id = due.webhook_id
    RETURNING w.tenant_id, w.webhook_id, w.lease_id
$$;

-- The messages of all tenants after a position, for an outlet that takes them all.
CREATE FUNCTION messages_after(after_position bigint, max_rows integer)
RETURNS SETOF messages
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT m.* FROM messages AS m WHERE m.position > after_position ORDER BY m.position LIMIT max_rows
$$;

-- How far an outlet was served, for the one who now serves it; no row where another does.
CREATE FUNCTION outlet_lock(outlet_name text)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT o.position FROM outlets AS o WHERE o.tenant_id = '*' AND o.outlet = outlet_name FOR UPDATE SKIP LOCKED
$$;

CREATE FUNCTION outlet_move(outlet_name text, to_position bigint)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    UPDATE outlets AS o SET position = to_position
    WHERE o.tenant_id = '*' AND o.outlet = outlet_name AND o.position < to_position
$$;

-- Forget what was taken longer ago than `keep`, with its deliveries; answers how many messages.
CREATE FUNCTION messages_prune(keep interval, max_rows integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH oldest AS (
        SELECT m.tenant_id, m.position, m.taken_at FROM messages AS m ORDER BY m.position LIMIT max_rows
    ), gone AS (
        DELETE FROM messages AS m USING oldest AS o
        WHERE m.tenant_id = o.tenant_id AND m.position = o.position
          AND o.taken_at < statement_timestamp() - keep
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- Give up what a webhook that is held or disabled was owed for longer than `patience`; answers how many.
CREATE FUNCTION deliveries_expire(patience interval, max_rows integer)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    WITH late AS (
        SELECT d.tenant_id, d.webhook_id, d.position
        FROM deliveries AS d
        WHERE d.state = 'PENDING' AND d.owed_since < statement_timestamp() - patience
        ORDER BY d.owed_since
        LIMIT max_rows
        FOR UPDATE SKIP LOCKED
    ), given_up AS (
        UPDATE deliveries AS d
        SET state = 'DEAD', last_error = coalesce(d.last_error, 'the webhook took nothing for too long')
        FROM late AS l
        WHERE d.tenant_id = l.tenant_id AND d.webhook_id = l.webhook_id AND d.position = l.position
        RETURNING 1
    )
    SELECT count(*) FROM given_up
$$;

-- How many deliveries wait, and for how long the oldest of those has that may be sent now.
CREATE FUNCTION deliveries_backlog()
RETURNS TABLE (waiting bigint, oldest_s double precision)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT
AS $$
    SELECT count(*), coalesce(extract(epoch FROM statement_timestamp() - min(d.owed_since)
        FILTER (WHERE d.next_attempt_at <= statement_timestamp())), 0)::double precision
    FROM deliveries AS d
    WHERE d.state = 'PENDING'
$$;

ALTER FUNCTION messages_take OWNER TO meantime_definer;
ALTER FUNCTION webhooks_claim OWNER TO meantime_definer;
ALTER FUNCTION messages_after OWNER TO meantime_definer;
ALTER FUNCTION outlet_lock OWNER TO meantime_definer;
ALTER FUNCTION outlet_move OWNER TO meantime_definer;
ALTER FUNCTION messages_prune OWNER TO meantime_definer;
ALTER FUNCTION deliveries_expire OWNER TO meantime_definer;
ALTER FUNCTION deliveries_backlog OWNER TO meantime_definer;
REVOKE ALL ON FUNCTION messages_take, webhooks_claim, messages_after, outlet_lock, outlet_move, messages_prune,
    deliveries_expire, deliveries_backlog FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messages_take, webhooks_claim, messages_after, outlet_lock, outlet_move, messages_prune,
    deliveries_expire, deliveries_backlog TO meantime_app;
