"""See README.md in this folder for what serving means, owns and does not own."""
