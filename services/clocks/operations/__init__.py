"""Use cases: one a file, each opens its own transaction."""
