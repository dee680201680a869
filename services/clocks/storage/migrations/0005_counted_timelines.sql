-- The Timelines that Cycles are counted on are kept, so that new zone rules do not move due times by themselves.

ALTER TABLE calendar_copies ADD COLUMN blob bytea, ADD COLUMN revision bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN calendar_copies.blob IS 'The compiled Timeline; NULL: of a copy from before it was kept';
COMMENT ON COLUMN calendar_copies.revision IS 'Of two records of one Calendar the higher is the newer';
