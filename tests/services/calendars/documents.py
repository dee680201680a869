"""Documents and small askings that the tests of calendars share."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest

__all__ = ["LONDON", "NEW_YORK", "SYDNEY", "Refusal", "hours", "refusal_of"]


def hours(zone: str, *windows: str, days: str = "mon-fri", **more: Any) -> dict[str, Any]:
    """Write a document with the same windows on some days."""
    return {"zone": zone, "hours": {days: list(windows)}, **more}


LONDON = hours(
    "Europe/London", "09:00-12:30", "13:15-17:30", holidays=[{"country": "GB", "subdivision": "ENG"}]
)
NEW_YORK = hours("America/New_York", "09:00-17:00", holidays=[{"country": "US"}])
SYDNEY = hours("Australia/Sydney", "09:00-17:00")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What a door says when it refuses, the same on both of its sides."""

    kind: str
    code: str
    field: str | None
    message: str


async def refusal_of(asking: Awaitable[object]) -> Refusal:
    """Ask, and return the refusal that must come."""
    try:
        answer = await asking
    except Exception as error:
        kind, code = getattr(error, "kind", None), getattr(error, "code", None)
        if kind is None or code is None:
            raise
        return Refusal(kind=kind, code=code, field=getattr(error, "field", None), message=str(error))
    pytest.fail(f"was not refused, but answered {answer}")
