"""Pure rules: frozen values in, frozen values out; now is an argument."""
