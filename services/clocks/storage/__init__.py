"""Rows to domain values and back; the only place that speaks SQL."""
