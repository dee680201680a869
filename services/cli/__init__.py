"""See README.md in this folder for what cli means, owns and does not own."""
