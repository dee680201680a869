"""See README.md in this folder for what console means, owns and does not own."""
