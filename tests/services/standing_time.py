"""Now, for tests: it stands until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["StandingTime"]

MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class StandingTime:
    """A source of now that stands until it is moved."""

    def __init__(self, at: datetime = MONDAY_NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Read it."""
        return self.at

    def move(self, by: timedelta) -> datetime:
        """Move it and read it."""
        self.at += by
        return self.at
