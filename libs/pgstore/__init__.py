"""See README.md in this folder for what pgstore means, owns and does not own."""
