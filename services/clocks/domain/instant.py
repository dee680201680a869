"""Instants and dates: those that attributes hold, as callers wrote them, and those that may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from businesstime import from_us, to_us
from clocks.domain.event import in_reach

__all__ = ["instant", "microseconds", "read_date", "read_instant_us"]

DATE_LENGTH = len("2026-06-05")
YEARS = range(1900, 2300)


def microseconds(instant: datetime | None) -> int | None:
    """Turn a UTC instant into microseconds, if there is one."""
    return None if instant is None else to_us(instant)


def instant(at_us: int | None) -> datetime | None:
    """Turn microseconds into a UTC instant, if there is one."""
    return None if at_us is None else from_us(at_us)


def read_instant_us(attributes: Mapping[str, Any], name: str) -> int | None:
    """Read an attribute as an RFC 3339 instant; None where it is absent, is none, or has no offset."""
    value = attributes.get(name)
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            return None
        instant_us = to_us(instant)
    except (ValueError, OverflowError):
        return None
    return instant_us if in_reach(instant_us) else None


def read_date(attributes: Mapping[str, Any], name: str) -> date | None:
    """Read an attribute as a date, `2026-06-05`; None where it is none, or far away."""
    value = attributes.get(name)
    if not isinstance(value, str) or len(value) != DATE_LENGTH:
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if found.year in YEARS else None
