-- Policies, events, Subjects, Cycles, and the ledger of what was fired.
--
-- Ids sort by code point (COLLATE "C"), so that the order of the fold, `(occurred_at, sequence, event_id)`,
-- is the same here and in Python.

CREATE TABLE rulebooks (
    tenant_id text   COLLATE "C" PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    revision  bigint NOT NULL,
    policies  bigint NOT NULL
);
COMMENT ON TABLE rulebooks IS 'Ingest holds it FOR SHARE, so that rules do not change under a fold';
COMMENT ON COLUMN rulebooks.revision IS 'Grows with each change of policies or calendar copies';
COMMENT ON COLUMN rulebooks.policies IS 'The revision of the last change of policies';

CREATE TABLE policies (
    tenant_id  text    COLLATE "C" NOT NULL,
    policy_key text    COLLATE "C" NOT NULL,
    name       text    NOT NULL,
    version    integer NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, policy_key)
);

CREATE TABLE policy_versions (
    tenant_id      text        COLLATE "C" NOT NULL,
    policy_key     text        COLLATE "C" NOT NULL,
    version        integer     NOT NULL,
    effective_from timestamptz,
    document       jsonb       NOT NULL,
    created_at     timestamptz NOT NULL,
    created_by     text        NOT NULL,
    PRIMARY KEY (tenant_id, policy_key, version),
    FOREIGN KEY (tenant_id, policy_key) REFERENCES policies
);

CREATE TABLE calendar_copies (
    tenant_id    text    COLLATE "C" NOT NULL,
    calendar_key text    COLLATE "C" NOT NULL,
    version      integer NOT NULL,
    content_key  text    NOT NULL,
    PRIMARY KEY (tenant_id, calendar_key)
);
COMMENT ON TABLE calendar_copies IS 'Which version of a Calendar the Cycles are counted on; the calendar is not ours';

-- json, not jsonb: a number must come back as it was written, 1e16 not as an integer.
CREATE TABLE events (
    tenant_id    text        COLLATE "C" NOT NULL,
    event_id     text        COLLATE "C" NOT NULL,
    subject_id   text        COLLATE "C" NOT NULL,
    occurred_at  timestamptz NOT NULL,
    sequence     bigint      NOT NULL,
    type         text        NOT NULL,
    attributes   json        NOT NULL,
    content_hash bytea       NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX events_in_order ON events (tenant_id, subject_id, occurred_at, sequence, event_id);

CREATE TABLE subjects (
    tenant_id        text        COLLATE "C" NOT NULL,
    subject_id       text        COLLATE "C" NOT NULL,
    state            bytea,
    last_occurred_at timestamptz,
    events           bigint      NOT NULL DEFAULT 0,
    folded_revision  bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, subject_id)
);
COMMENT ON COLUMN subjects.state IS 'The folded SubjectState, msgpack; NULL until the first fold';
COMMENT ON COLUMN subjects.folded_revision IS 'The policies'' revision by which the whole state was folded';


CREATE TABLE cycles (
    tenant_id        text        COLLATE "C" NOT NULL,
    subject_id       text        COLLATE "C" NOT NULL,
    policy_key       text        COLLATE "C" NOT NULL,
    metric           text        COLLATE "C" NOT NULL,
    cycle            integer     NOT NULL CHECK (cycle > 0),
    policy_version   integer     NOT NULL,
    target           text        COLLATE "C" NOT NULL,
    target_us        bigint      NOT NULL,
    calendar_key     text        COLLATE "C" NOT NULL,
    calendar_version integer     NOT NULL,
    calendar_rule    text        NOT NULL CHECK (calendar_rule IN ('target', 'attribute', 'default')),
    calendar_keys    text[]      NOT NULL,
    phase            text        NOT NULL CHECK (phase IN ('RUNNING', 'PAUSED', 'STOPPED', 'CANCELLED')),
    outcome          text        NOT NULL CHECK (outcome IN ('PENDING', 'MET', 'BREACHED')),
    started_at       timestamptz NOT NULL,
    due_at           timestamptz,
    breached_at      timestamptz,
    stopped_at       timestamptz,
    ended_at         timestamptz,
    counted_at       timestamptz GENERATED ALWAYS AS (
        CASE outcome WHEN 'MET' THEN stopped_at WHEN 'BREACHED' THEN breached_at END) STORED,
    fire_at          timestamptz[] NOT NULL DEFAULT '{}',
    fire_threshold   text[]      NOT NULL DEFAULT '{}',
    next_fire_at     timestamptz GENERATED ALWAYS AS (fire_at[1]) STORED,
    fired            text[]      NOT NULL DEFAULT '{}',
    fired_at         timestamptz,
    generation       integer     NOT NULL DEFAULT 1,
    revision         integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, subject_id, policy_key, metric, cycle),
    CHECK ((outcome = 'BREACHED') = (breached_at IS NOT NULL)),
    CHECK (cardinality(fire_at) = cardinality(fire_threshold))
) WITH (fillfactor = 80);
COMMENT ON COLUMN cycles.calendar_keys IS 'Every Calendar that a stretch of the Cycle was counted on';
COMMENT ON COLUMN cycles.ended_at IS 'When it was stopped or cancelled; NULL while it is open';
COMMENT ON COLUMN cycles.fire_at IS 'When the thresholds not yet fired come, in order; the names beside, in fire_threshold';
COMMENT ON COLUMN cycles.fired IS 'The thresholds fired in this generation';
COMMENT ON COLUMN cycles.fired_at IS 'The true time of the threshold fired last';
COMMENT ON COLUMN cycles.generation IS 'Grows when thresholds that were fired may rightly fire again';

CREATE INDEX cycles_to_fire ON cycles (next_fire_at) WHERE next_fire_at IS NOT NULL;
CREATE INDEX cycles_in_order ON cycles (tenant_id, started_at, subject_id, policy_key, metric, cycle);
CREATE INDEX cycles_counted ON cycles (tenant_id, policy_key, metric, counted_at) WHERE counted_at IS NOT NULL;

CREATE TABLE revisions (
    tenant_id        text        COLLATE "C" NOT NULL,
    subject_id       text        COLLATE "C" NOT NULL,
    policy_key       text        COLLATE "C" NOT NULL,
    metric           text        COLLATE "C" NOT NULL,
    cycle            integer     NOT NULL,
    revision         integer     NOT NULL,
    generation       integer     NOT NULL,
    policy_version   integer     NOT NULL,
    target           text        COLLATE "C" NOT NULL,
    target_us        bigint      NOT NULL,
    calendar_key     text        COLLATE "C" NOT NULL,
    calendar_version integer     NOT NULL,
    calendar_rule    text        NOT NULL,
    phase            text        NOT NULL,
    outcome          text        NOT NULL,
    started_at       timestamptz NOT NULL,
    due_at           timestamptz,
    breached_at      timestamptz,
    stopped_at       timestamptz,
    cause            text        NOT NULL,
    restated_at      timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (tenant_id, subject_id, policy_key, metric, cycle, revision)
);
COMMENT ON TABLE revisions IS 'The numbers of a Cycle as they stood before each restatement';

CREATE TABLE firings (
    tenant_id  text        COLLATE "C" NOT NULL,
    subject_id text        COLLATE "C" NOT NULL,
    policy_key text        COLLATE "C" NOT NULL,
    metric     text        COLLATE "C" NOT NULL,
    cycle      integer     NOT NULL,
    generation integer     NOT NULL,
    threshold  text        COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    fired_at   timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (tenant_id, subject_id, policy_key, metric, cycle, generation, threshold)
);
COMMENT ON TABLE firings IS 'What was fired, once each: a second firing breaks the primary key';

CREATE TABLE refolds (
    tenant_id        text        COLLATE "C" NOT NULL,
    refold_id        bigint      GENERATED ALWAYS AS IDENTITY,
    cause            text        NOT NULL,
    calendar_key     text        COLLATE "C",
    since            timestamptz,
    after_subject_id text        COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, refold_id)
);
COMMENT ON TABLE refolds IS 'Work that is left after a change of rules: Subjects to fold again, in order of id';

DO $$
DECLARE
    owned text;
BEGIN
    FOREACH owned IN ARRAY ARRAY[
        'rulebooks', 'policies', 'policy_versions', 'calendar_copies', 'events', 'subjects', 'cycles',
        'revisions', 'firings', 'refolds'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I TO meantime_app'
            ' USING (tenant_id = NULLIF(current_setting(''meantime.tenant''), ''''))'
            ' WITH CHECK (tenant_id = NULLIF(current_setting(''meantime.tenant''), ''''))', owned);
    END LOOP;
    FOREACH owned IN ARRAY ARRAY['cycles', 'firings', 'refolds'] LOOP
        EXECUTE format('CREATE POLICY all_tenants ON %I TO meantime_definer USING (true) WITH CHECK (true)', owned);
    END LOOP;
END
$$;

-- What is append-only is so by right: versions, events, revisions and the ledger.
GRANT SELECT, INSERT, UPDATE ON rulebooks, policies, calendar_copies, subjects TO meantime_app;
GRANT SELECT, INSERT ON policy_versions, events, revisions, firings TO meantime_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON cycles, refolds TO meantime_app;
GRANT SELECT, UPDATE ON cycles TO meantime_definer;
GRANT INSERT ON firings TO meantime_definer;
GRANT SELECT ON refolds TO meantime_definer;
