"""See README.md in this folder for what clocks means, owns and does not own."""
