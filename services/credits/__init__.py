"""See README.md in this folder for what credits means, owns and does not own."""
