"""What the credits service keeps: its schema, and the migrations that bring it up to date."""

from __future__ import annotations

from pgstore.tracks import Track

__all__ = ["TRACK"]

TRACK = Track(schema="credits", package="credits.storage")
