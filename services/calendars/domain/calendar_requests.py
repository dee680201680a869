"""What others ask of Calendars, as it crosses the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

__all__ = [
    "AmendCalendar",
    "AmendMode",
    "CreateCalendar",
    "ListCalendars",
    "ReadCalendar",
    "ReadTimelines",
    "RevertCalendar",
]

AmendMode = Literal["FORWARD", "RESTATE"]


class CreateCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A new Calendar under a key that the tenant has not used; `document` is a schedule document."""

    key: str
    name: str
    document: dict[str, Any]


class AmendCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A new version of a Calendar; refused with a conflict when `expected_version` is not the latest.

    effective_from: FORWARD: not before now (None: now). RESTATE: from when on the past is put right.
    reason: required for RESTATE; kept with the version. plan_token: of an AmendmentPlan of the same request.
    name: a new name, at once and without a date; None: as before.
    """

    key: str
    expected_version: int
    document: dict[str, Any]
    mode: AmendMode = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None
    plan_token: str | None = None
    name: str | None = None


class RevertCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """A new version that says again what version `to_version` said; else as AmendCalendar."""

    key: str
    to_version: int
    expected_version: int
    mode: AmendMode = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None


class ReadCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """One Calendar with all its versions."""

    key: str


class ListCalendars(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Calendars in order of key, those after the key `after`."""

    first: int = 50
    after: str | None = None


class ReadTimelines(msgspec.Struct, frozen=True, kw_only=True):
    """The compiled Timelines of Calendars, at most 200, in the order asked for; a key may not repeat.

    known_at: as the Calendars were recorded at that instant; None: now.
    """

    keys: tuple[str, ...]
    known_at: datetime | None = None
