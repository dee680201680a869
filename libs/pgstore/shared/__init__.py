"""Migrations that every service's schema has; see README.md of pgstore."""
