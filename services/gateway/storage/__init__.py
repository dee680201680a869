"""Rows of tenants and API keys: statements in .sql files, rows to domain values and back."""

from __future__ import annotations

from pgstore.tracks import Track

__all__ = ["TRACK"]

TRACK = Track(schema="gateway", package="gateway.storage")
