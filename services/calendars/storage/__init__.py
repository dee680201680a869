"""Rows to domain values and back; the only place that speaks SQL, and the only one that speaks Redis."""

from __future__ import annotations

from pgstore.tracks import Track

__all__ = ["TRACK"]

TRACK = Track(schema="calendars", package="calendars.storage")
