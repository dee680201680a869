"""See README.md in this folder for what businesstime means, owns and does not own."""
