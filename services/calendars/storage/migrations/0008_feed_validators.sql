-- What a feed said about its content (RFC 9110, 8.8), so that it is sent again only where it has changed.

ALTER TABLE ics_sources
    ADD COLUMN etag text CHECK (length(etag) <= 1000),
    ADD COLUMN last_modified text CHECK (length(last_modified) <= 1000);
COMMENT ON COLUMN ics_sources.etag IS 'Of the content that was read last; null: it is asked for whole.';
COMMENT ON COLUMN ics_sources.last_modified IS 'As the feed wrote it, of the content that was read last.';

GRANT UPDATE (etag, last_modified) ON ics_sources TO meantime_app;
