"""A tenant's named Calendar and its versions: amending never edits, it adds a version.

The law of versions: **a version replaces everything from its `effective_from` on**, whatever earlier versions
said about that time. So the versions in force are those that no later version reaches back over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from calendars.domain.document import CalendarKey, Document
from calendars.domain.errors import (
    CalendarNameInvalidError,
    EffectiveFromFutureError,
    EffectiveFromMissingError,
    EffectiveFromPastError,
    InstantNaiveError,
    InstantOutOfBoundsError,
    ReasonInvalidError,
    ReasonMissingError,
    VersionConflictError,
    VersionsTooManyError,
    VersionUnknownError,
)

__all__ = [
    "MAX_NAME_LENGTH",
    "MAX_REASON_LENGTH",
    "MAX_VERSIONS",
    "AmendMode",
    "AmendedCalendar",
    "Amendment",
    "Calendar",
    "CalendarVersion",
    "amend",
    "begin",
    "holding_from",
    "in_force",
    "read_instant",
    "read_name",
    "read_reason",
    "until_version",
    "version_numbered",
]

MAX_NAME_LENGTH = 200
MAX_REASON_LENGTH = 2_000
MAX_VERSIONS = 1_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class AmendMode(StrEnum):
    """What an amendment says about time gone by.

    FORWARD: time used until then stays, time left counts on the new hours.
    RESTATE: from the given instant on, the past is put right.
    """

    FORWARD = "FORWARD"
    RESTATE = "RESTATE"


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarVersion:
    """One version: what was said, by whom, why, and from when it holds (None for the first: always).

    name: what the Calendar is called since this was said; None: as before.
    """

    version: int
    mode: AmendMode
    effective_from: datetime | None
    document: Document
    reason: str | None
    created_at: datetime
    created_by: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """A key unique in the tenant, its latest name, and the versions, oldest first; there is at least one."""

    key: CalendarKey
    name: str
    versions: tuple[CalendarVersion, ...]

    @property
    def version(self) -> int:
        """The latest version's number."""
        return self.versions[-1].version


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """What a caller wants changed: the version it read, the new document, and from when it holds.

    name: a new name, which has no date: the Calendar is called so once it is recorded; None: as before.
    """

    expected_version: int
    document: Document
    mode: AmendMode
    effective_from: datetime | None
    reason: str | None
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AmendedCalendar:
    """One line of the audit: who amended which Calendar, when, from when on and why; not the document."""

    key: CalendarKey
    version: int
    mode: AmendMode
    effective_from: datetime | None
    reason: str | None
    created_at: datetime
    created_by: str
    name: str | None


class Dated(Protocol):
    """Whatever holds from an instant on."""

    @property
    def effective_from(self) -> datetime | None:
        """From when it holds; None: always."""
        ...


DatedT = TypeVar("DatedT", bound=Dated)


def begin(*, key: CalendarKey, name: str, document: Document, by: str, now: datetime) -> Calendar:
    """Return a new Calendar whose first version holds always. Raises CalendarNameInvalidError."""
    first = CalendarVersion(
        version=1,
        mode=AmendMode.FORWARD,
        effective_from=None,
        document=document,
        reason=None,
        created_at=now,
        created_by=by,
    )
    return Calendar(key=key, name=read_name(name), versions=(first,))


def amend(
    calendar: Calendar, amendment: Amendment, *, by: str, now: datetime, planned_at: datetime | None = None
) -> Calendar:
    """Return the Calendar with one version more.

    planned_at: when it was planned, if it was: an instant that is left out is that one, and FORWARD and
    RESTATE are told apart by it. It is recorded now.

    Raises VersionConflictError, VersionsTooManyError, EffectiveFromPastError, EffectiveFromFutureError,
    EffectiveFromMissingError,
    ReasonMissingError, ReasonInvalidError, InstantNaiveError, InstantOutOfBoundsError,
    CalendarNameInvalidError.
    """
    if amendment.expected_version != calendar.version:
        raise VersionConflictError(
            key=calendar.key, expected_version=amendment.expected_version, latest_version=calendar.version
        )
    if len(calendar.versions) >= MAX_VERSIONS:
        raise VersionsTooManyError(
            f"calendar {calendar.key!r} has {MAX_VERSIONS} versions, the most that one may have"
        )
    name = calendar.name if amendment.name is None else read_name(amendment.name)
    added = CalendarVersion(
        version=calendar.version + 1,
        mode=amendment.mode,
        effective_from=_read_effective_from(amendment, planned_at or now),
        document=amendment.document,
        reason=_reason_of(amendment),
        # Hosts' clocks differ: what is recorded later is never dated earlier.
        created_at=max(now, calendar.versions[-1].created_at),
        created_by=by,
        name=name if name != calendar.name else None,
    )
    return replace(calendar, name=name, versions=(*calendar.versions, added))


def in_force(versions: Sequence[DatedT]) -> tuple[DatedT, ...]:
    """Return the versions that still hold for some time, in order; each until the next one's instant.

    versions: in order of number, the first one dated None.
    """
    holding: list[DatedT] = []
    for version in versions:
        start = version.effective_from
        while holding and start is not None and _begins_at_or_after(holding[-1], start):
            holding.pop()
        holding.append(version)
    return tuple(holding)


def holding_from(versions: Sequence[DatedT], start: datetime) -> tuple[DatedT, ...]:
    """Return the version that holds at an instant, and those in force that begin later."""
    holding = in_force(versions)
    begun = [each for each in holding if each.effective_from is None or each.effective_from <= start]
    return holding[len(begun) - 1 :]


def until_version(calendar: Calendar, number: int) -> Calendar:
    """Return the Calendar as it was before the versions past a number were added."""
    return replace(calendar, versions=calendar.versions[:number])


def version_numbered(calendar: Calendar, number: int, *, field: str) -> CalendarVersion:
    """Return one version by its number. Raises VersionUnknownError."""
    if not 1 <= number <= calendar.version:
        raise VersionUnknownError(
            f"{field}: calendar {calendar.key!r} has versions 1 to {calendar.version}, not {number}",
            field=field,
        )
    return calendar.versions[number - 1]


def read_instant(instant: datetime, *, field: str) -> datetime:
    """Return the instant in UTC. Raises InstantNaiveError, InstantOutOfBoundsError (1970 to 2100)."""
    if instant.tzinfo is None:
        raise InstantNaiveError(f"{field}: {instant.isoformat()} has no offset: write one, or Z", field=field)
    if not EARLIEST.replace(tzinfo=instant.tzinfo) <= instant < LATEST.replace(tzinfo=instant.tzinfo):
        raise InstantOutOfBoundsError(
            f"{field}: {instant.isoformat()} lies outside of 1970 to 2100", field=field
        )
    return instant.astimezone(UTC)


def read_reason(given: str | None) -> str | None:
    """Return why something was done, None where nothing is said. Raises ReasonInvalidError."""
    reason = (given or "").strip()
    if len(reason) > MAX_REASON_LENGTH or not reason.replace("\n", "").isprintable():
        raise ReasonInvalidError(
            f"reason: is at most {MAX_REASON_LENGTH} printable characters", field="reason"
        )
    return reason or None


def _begins_at_or_after(version: Dated, start: datetime) -> bool:
    return version.effective_from is not None and version.effective_from >= start


def _read_effective_from(amendment: Amendment, now: datetime) -> datetime:
    given = amendment.effective_from
    if given is None:
        if amendment.mode is AmendMode.RESTATE:
            raise EffectiveFromMissingError(
                "effective_from: RESTATE says from which instant on the past is put right",
                field="effective_from",
            )
        return now
    start = read_instant(given, field="effective_from")
    _check_side(amendment.mode, start, now)
    return start


def _check_side(mode: AmendMode, start: datetime, now: datetime) -> None:
    """FORWARD lies at or after now, RESTATE at or before it."""
    if mode is AmendMode.FORWARD and start < now:
        raise EffectiveFromPastError(
            f"effective_from: {start.isoformat()} is before now ({now.isoformat()}): leave it out to begin "
            "now, or use RESTATE to put the past right",
            field="effective_from",
        )
    if mode is AmendMode.RESTATE and start > now:
        raise EffectiveFromFutureError(
            f"effective_from: {start.isoformat()} is after now ({now.isoformat()}): "
            "use FORWARD for what comes",
            field="effective_from",
        )


def read_name(name: str) -> str:
    """Return a name without blanks around it. Raises CalendarNameInvalidError."""
    stripped = name.strip()
    if not 1 <= len(stripped) <= MAX_NAME_LENGTH or not stripped.isprintable():
        raise CalendarNameInvalidError(f"name: is 1 to {MAX_NAME_LENGTH} printable characters", field="name")
    return stripped


def _reason_of(amendment: Amendment) -> str | None:
    reason = read_reason(amendment.reason)
    if reason is None and amendment.mode is AmendMode.RESTATE:
        raise ReasonMissingError("reason: RESTATE says why the past is put right", field="reason")
    return reason
