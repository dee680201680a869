-- A calendar may be called otherwise: the name is said by a version, so it is kept who said it, and when.

ALTER TABLE calendar_versions ADD COLUMN name text CHECK (name <> '');
COMMENT ON COLUMN calendar_versions.name IS 'What the calendar is called since this version; null: as before.';
COMMENT ON COLUMN calendars.name IS 'The first name; the latest is that of the newest version that has one.';
