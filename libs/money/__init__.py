"""See README.md in this folder for what money means, owns and does not own."""
