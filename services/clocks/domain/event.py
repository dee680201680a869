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
NAME_RULE = f"a text of 1 to {MAX_ID_LENGTH} characters is needed here, none of them NUL"
INT64 = range(-(2**63), 2**63)
# The years 1900 to 2299: what a Timeline can count on both sides of.
REACH_US = range(-2_208_988_800_000_000, 10_413_792_000_000_000)


class Position(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """The place of an Event in its Subject's log; the log is folded in this order, whatever the arrival."""

    occurred_at_us: int
    sequence: int
    event_id: str


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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

    def comes_after(self, place: Position) -> bool:
        """Tell whether it lies behind a place in the Subject's log."""
        if self.occurred_at_us != place.occurred_at_us:
            return self.occurred_at_us > place.occurred_at_us
        return self.position > place


def check_event(event: Event) -> None:
    """Refuse an event whose texts are empty or too long, or whose attributes are not scalars.

    Raises EventInvalidError, which names the field.
    """
    if not in_reach(event.occurred_at_us):
        raise EventInvalidError("is outside the years 1900 to 2299", field="occurred_at")
    if event.sequence not in INT64:
        raise EventInvalidError("does not fit 64 bits", field="sequence")
    for field, text in (("event_id", event.event_id), ("subject_id", event.subject_id), ("type", event.type)):
        if not is_name(text):
            raise EventInvalidError(NAME_RULE, field=field)
    if len(event.attributes) > MAX_ATTRIBUTES:
        raise EventInvalidError(
            f"has {len(event.attributes)} names; at most {MAX_ATTRIBUTES}", field="attributes"
        )
    for name, value in event.attributes.items():
        # Nearly every value is a short text or nothing; what is not, is looked at closely.
        if is_name(name) and (value is None or (type(value) is str and is_name(value))):
            continue
        if not is_name(name):
            raise EventInvalidError(f"{name[:MAX_ID_LENGTH]!r}: {NAME_RULE}", field="attributes")
        reason = value_fault(value)
        if reason is not None:
            raise EventInvalidError(reason, field=f"attributes.{name}")


def in_reach(instant_us: int) -> bool:
    """Tell whether an instant is one that is counted: in the years 1900 to 2299."""
    return instant_us in REACH_US


def is_name(text: str) -> bool:
    """Tell whether a text names something: not empty, not too long, and fit for a database."""
    return 0 < len(text) <= MAX_ID_LENGTH and "\x00" not in text


def value_fault(value: object) -> str | None:
    """Say why an attribute's value is no JSON scalar, or out of bounds; None: nothing is wrong with it."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT_LENGTH:
            return f"has {len(value)} characters; at most {MAX_TEXT_LENGTH}"
        return "holds a NUL character" if "\x00" in value else None
    if isinstance(value, int):
        return None if value in INT64 else "does not fit 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else "is not a finite number"
    return "is not a string, number, boolean or null"
