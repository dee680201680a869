-- Agreements, their versions, the Statements closed under them, and the ledger of what these made owed.
CREATE TABLE agreements (
    tenant_id     text   NOT NULL DEFAULT current_setting('meantime.tenant'),
    agreement_key text   NOT NULL,
    customer      text   NOT NULL,
    version       bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (tenant_id, agreement_key)
);

CREATE TABLE agreement_versions (
    tenant_id     text        NOT NULL DEFAULT current_setting('meantime.tenant'),
    agreement_key text        NOT NULL,
    version       bigint      NOT NULL CHECK (version > 0),
    document      jsonb       NOT NULL,
    created_at    timestamptz NOT NULL,
    created_by    text        NOT NULL,
    PRIMARY KEY (tenant_id, agreement_key, version),
    FOREIGN KEY (tenant_id, agreement_key) REFERENCES agreements (tenant_id, agreement_key)
);

-- The last number given to a Statement of the tenant. Its row's lock puts closes in a queue, and a close that
-- is rolled back gives its number back: numbers have no gaps, which no sequence promises.
CREATE TABLE statement_counters (
    tenant_id   text   NOT NULL DEFAULT current_setting('meantime.tenant'),
    last_number bigint NOT NULL CHECK (last_number >= 0),
    PRIMARY KEY (tenant_id)
);

CREATE TABLE statements (
    tenant_id         text        NOT NULL DEFAULT current_setting('meantime.tenant'),
    number            bigint      NOT NULL CHECK (number > 0),
    agreement_key     text        NOT NULL,
    agreement_version bigint      NOT NULL,
    period            text        NOT NULL,
    assessment        jsonb       NOT NULL,
    closed_at         timestamptz NOT NULL,
    closed_by         text        NOT NULL,
    PRIMARY KEY (tenant_id, number),
    UNIQUE (tenant_id, agreement_key, period),
    FOREIGN KEY (tenant_id, agreement_key, agreement_version)
        REFERENCES agreement_versions (tenant_id, agreement_key, version)
);

CREATE INDEX statements_of_agreement ON statements (tenant_id, agreement_key, number);

-- One row is one balanced entry: an amount, the account debited and the account credited.
CREATE TABLE ledger_entries (
    tenant_id         text        NOT NULL DEFAULT current_setting('meantime.tenant'),
    agreement_key     text        NOT NULL,
    agreement_version bigint      NOT NULL,
    period            text        NOT NULL,
    level             text        NOT NULL,
    revision          bigint      NOT NULL CHECK (revision >= 0),
    statement_number  bigint      NOT NULL,
    debit_account     text        NOT NULL,
    credit_account    text        NOT NULL CHECK (credit_account <> debit_account),
    amount_minor      bigint      NOT NULL CHECK (amount_minor > 0),
    currency          text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    posted_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, agreement_key, agreement_version, period, level, revision),
    FOREIGN KEY (tenant_id, statement_number) REFERENCES statements (tenant_id, number)
);

CREATE INDEX ledger_entries_of_statement ON ledger_entries (tenant_id, statement_number);

ALTER TABLE agreements ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreements FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agreements TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

ALTER TABLE agreement_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE agreement_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agreement_versions TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

ALTER TABLE statement_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE statement_counters FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON statement_counters TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

ALTER TABLE statements ENABLE ROW LEVEL SECURITY;
ALTER TABLE statements FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON statements TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

ALTER TABLE ledger_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger_entries TO meantime_app
    USING (tenant_id = NULLIF(current_setting('meantime.tenant'), ''))
    WITH CHECK (tenant_id = NULLIF(current_setting('meantime.tenant'), ''));

-- What is frozen may be added to and read, never changed or removed.
GRANT SELECT, INSERT, UPDATE ON agreements, statement_counters TO meantime_app;
GRANT SELECT, INSERT ON agreement_versions, statements, ledger_entries TO meantime_app;
