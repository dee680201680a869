"""See README.md in this folder for what calendars means, owns and does not own."""
