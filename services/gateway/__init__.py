"""See README.md in this folder for what gateway means, owns and does not own."""
