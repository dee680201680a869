"""Events: facts about a Subject, in the one order that counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from clocks.domain.errors import EventInvalidError

__all__ = [
    "MAX_ATTRIBUTES",
    "MAX_ID_LENGTH",
    "MAX_TEXT_LENGTH",
    "Event",
    "Position",
    "check_event",
    "in_reach",
]

MAX_ID_LENGTH = 200
MAX_TEXT_LENGTH = 4_000
MAX_ATTRIBUTES = 200
INT64 = range(-(2**63), 2**63)
# The years 1900 to 2299: what a Timeline can count on both sides of.
REACH_US = range(-2_208_988_800_000_000, 10_413_792_000_000_000)


class Position(msgspec.Struct, frozen=True, order=True, array_like=True):
    """The place of an Event in its Subject's log; the log is folded in this order, whatever the arrival."""

    occurred_at_us: int
    sequence: int
    event_id: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about a Subject.

    event_id: unique in the tenant. occurred_at_us: UTC microseconds since the epoch.
    attributes: those that changed, by name; None removes one. Values are JSON scalars.
    """

    event_id: str
    subject_id: str
    type: str
    occurred_at_us: int
    sequence: int = 0
    attributes: Mapping[str, Any] = {}

    @property
    def position(self) -> Position:
        """The place in the Subject's log."""
        return Position(self.occurred_at_us, self.sequence, self.event_id)


def check_event(event: Event) -> None:
    """Refuse an event whose texts are empty or too long, or whose attributes are not scalars.

    Raises EventInvalidError, which names the field.
    """
    for field in ("event_id", "subject_id", "type"):
        check_text(getattr(event, field), field)
    if not in_reach(event.occurred_at_us):
        raise EventInvalidError("is outside the years 1900 to 2299", field="occurred_at")
    if event.sequence not in INT64:
        raise EventInvalidError("does not fit 64 bits", field="sequence")
    if len(event.attributes) > MAX_ATTRIBUTES:
        raise EventInvalidError(
            f"has {len(event.attributes)} names; at most {MAX_ATTRIBUTES}", field="attributes"
        )
    for name, value in event.attributes.items():
        check_text(name, "attributes")
        check_value(value, f"attributes.{name}")


def in_reach(instant_us: int) -> bool:
    """Tell whether an instant is one that is counted: in the years 1900 to 2299."""
    return instant_us in REACH_US


def check_text(text: str, field: str) -> None:
    """Refuse an identifier that is empty, too long, or holds what no database text can."""
    if not text:
        raise EventInvalidError("is empty", field=field)
    if len(text) > MAX_ID_LENGTH:
        raise EventInvalidError(f"has {len(text)} characters; at most {MAX_ID_LENGTH}", field=field)
    if "\x00" in text:
        raise EventInvalidError("holds a NUL character", field=field)


def check_value(value: object, field: str) -> None:
    """Refuse an attribute's value that is no JSON scalar, or out of bounds."""
    match value:
        case None | bool():
            return
        case int() if value not in INT64:
            raise EventInvalidError("does not fit 64 bits", field=field)
        case float() if not math.isfinite(value):
            raise EventInvalidError("is not a finite number", field=field)
        case str() if len(value) > MAX_TEXT_LENGTH:
            raise EventInvalidError(f"has {len(value)} characters; at most {MAX_TEXT_LENGTH}", field=field)
        case str() if "\x00" in value:
            raise EventInvalidError("holds a NUL character", field=field)
        case int() | float() | str():
            return
        case _:
            raise EventInvalidError("is not a string, number, boolean or null", field=field)
