"""See README.md in this folder for what embedded means, owns and does not own."""
