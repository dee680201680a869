"""How a value is computed: one noun a file, exact ratios, no rounding before or in a comparison."""
