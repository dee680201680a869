"""How commands print what was counted."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Format", "percentage"]


class Format(StrEnum):
    """How the result is printed."""

    TABLE = "table"
    JSON = "json"


def percentage(part: int, whole: int) -> str:
    """Show a ratio with two decimals, rounded down, so that only all of them are 100 %."""
    if not whole:
        return "no data"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d} %"
