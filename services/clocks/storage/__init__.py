"""Rows of the clocks' schema: statements in .sql files, rows to domain values and back."""

from __future__ import annotations

from pgstore.tracks import Track

__all__ = ["TRACK"]

TRACK = Track(schema="clocks", package="clocks.storage")
