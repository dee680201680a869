"""ICS sources as they cross the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from calendars.domain.calendar_file import AppliedCalendar
from calendars.domain.ics_reading import SkippedEvent
from calendars.domain.ics_source import IcsDifference, IcsSourceEvent

__all__ = [
    "AcceptIcsEdition",
    "AcceptedIcsEdition",
    "DismissIcsEdition",
    "IcsEditionRecord",
    "IcsSourcePage",
    "IcsSourceRecord",
    "ListIcsSources",
    "OfferIcsContent",
    "ReadIcsSource",
    "RefreshIcsSource",
    "SaveIcsSource",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class SaveIcsSource:
    """Make a source, or change the name, address or rhythm of one; what it said stays.

    url: of a feed, which is looked at every `refresh_hours`; None: content is uploaded.
    """

    key: str
    name: str
    url: str | None = None
    refresh_hours: int = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferIcsContent:
    """An iCalendar file, of at most 1 MiB, as what the source says now; it counts when it is accepted."""

    key: str
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshIcsSource:
    """Look at the feed now."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptIcsEdition:
    """Let the pending edition count: amend every Calendar whose latest version names the source.

    edition: the number that was shown; another one that waits by now is a conflict. plan: only say what would
    be done. mode, effective_from, reason: of the amendments, as in AmendCalendar.
    """

    key: str
    edition: int
    plan: bool = False
    mode: Literal["FORWARD", "RESTATE"] = "FORWARD"
    effective_from: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DismissIcsEdition:
    """Turn the pending edition down; the same content is not offered again."""

    key: str
    edition: int
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadIcsSource:
    """One source."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ListIcsSources:
    """A page of sources in order of key, those after the key `after`."""

    first: int = 50
    after: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsEditionRecord:
    """What a source said: entries for the `holidays` of a document, and events that were not taken."""

    edition: int
    digest: str
    holidays: tuple[dict[str, Any], ...]
    skipped: tuple[SkippedEvent, ...]
    read_at: datetime
    read_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsSourceRecord:
    """A source. host: of its feed; the address itself, which may hold a secret, is not told.

    accepted: what new versions of Calendars take. pending: what waits, and difference: what it changes.
    problem: why the last look at the feed failed. calendars: whose latest version names it.
    history: the newest fifty things that were done to it, newest first.
    """

    key: str
    name: str
    host: str | None
    refresh_hours: int
    checked_at: datetime | None
    problem: str | None
    accepted: IcsEditionRecord | None
    pending: IcsEditionRecord | None
    difference: IcsDifference | None
    calendars: tuple[str, ...]
    history: tuple[IcsSourceEvent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsSourcePage:
    """Sources in order of key; `has_next` says whether more follow the last one."""

    sources: tuple[IcsSourceRecord, ...]
    has_next: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptedIcsEdition:
    """A source, and what was, or would be, done to each Calendar that names it."""

    source: IcsSourceRecord
    calendars: tuple[AppliedCalendar, ...]
