"""Sources of holidays: iCalendar files that are uploaded, and feeds that are looked at on a schedule.

What a source says is an **edition**. A new one is *pending*: it is shown with what it adds and removes, and
counts only when somebody accepts it. Then every Calendar whose latest version names the source is amended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from calendars.domain.document_imports import Entries, SourceKey
from calendars.domain.ics_reading import SkippedEvent
from calendars.domain.import_errors import RefreshInvalidError

__all__ = [
    "FIRST_RETRY",
    "Decision",
    "IcsDifference",
    "IcsEdition",
    "IcsSource",
    "IcsSourceEvent",
    "Offered",
    "check_refresh",
    "difference_of",
    "digest_of",
    "offer",
    "ordered",
]

MAX_REFRESH_HOURS = 720
FIRST_RETRY = timedelta(hours=1)


class Decision(StrEnum):
    """What became of a pending edition."""

    ACCEPTED = "ACCEPTED"
    DISMISSED = "DISMISSED"


class Offered(StrEnum):
    """What becomes of content that was read.

    NEW: it is a pending edition. SAME: it is what counts, waits or was dismissed. BACK: it is what counts,
    and what waited no longer does.
    """

    NEW = "NEW"
    SAME = "SAME"
    BACK = "BACK"


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsEdition:
    """What a source said at one time. digest: over the entries, in 64 hexadecimal digits."""

    edition: int
    digest: str
    entries: Entries
    skipped: tuple[SkippedEvent, ...]
    read_at: datetime
    read_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsSource:
    """Where a source stands. url: None where content is uploaded. editions: the newest one's number.

    accepted, pending, dismissed: editions, None where there is none. problem: why the last look at the feed
    failed. next_check_at: of a feed.
    """

    key: SourceKey
    name: str
    url: str | None
    refresh_hours: int
    editions: int
    accepted: int | None
    pending: int | None
    dismissed: int | None
    checked_at: datetime | None
    problem: str | None
    next_check_at: datetime | None
    created_at: datetime
    created_by: str

    @property
    def host(self) -> str | None:
        """The host of its feed: what may be shown of an address."""
        return None if self.url is None else urlsplit(self.url).hostname


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsSourceEvent:
    """Something that was done to a source: by whom, when, and why.

    action: SAVED (made or changed; host: of its feed then), ACCEPTED or DISMISSED (edition: which).
    """

    at: datetime
    by: str
    action: Literal["SAVED", "ACCEPTED", "DISMISSED"]
    edition: int | None
    host: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IcsDifference:
    """What an edition adds to the one that counts, and what it no longer has: entries of a document."""

    added: tuple[dict[str, Any], ...]
    removed: tuple[dict[str, Any], ...]


def check_refresh(hours: int) -> int:
    """Return how often a feed is looked at, in hours. Raises RefreshInvalidError."""
    if not 1 <= hours <= MAX_REFRESH_HOURS:
        raise RefreshInvalidError(
            f"refresh_hours: is 1 to {MAX_REFRESH_HOURS}, not {hours}", field="refresh_hours"
        )
    return hours


def ordered(entries: Iterable[dict[str, Any]]) -> Entries:
    """Put entries in order of date, so that the order of a file means nothing."""
    return tuple(
        sorted(entries, key=lambda each: (each.get("date") or each["from"], each["name"], len(each)))
    )


def digest_of(entries: Entries) -> str:
    """Return the digest of entries in order."""
    return sha256(msgspec.json.encode(entries, order="sorted")).hexdigest()


def difference_of(before: Entries, after: Entries) -> IcsDifference:
    """Compare two contents."""
    old, new = ({msgspec.json.encode(each, order="sorted") for each in some} for some in (before, after))
    return IcsDifference(
        added=tuple(each for each in after if msgspec.json.encode(each, order="sorted") not in old),
        removed=tuple(each for each in before if msgspec.json.encode(each, order="sorted") not in new),
    )


def offer(digest: str, *, accepted: str | None, pending: str | None, dismissed: str | None) -> Offered:
    """Say what becomes of content that was read, by the digests of what is there."""
    if digest == accepted:
        return Offered.SAME if pending is None else Offered.BACK
    if digest in {pending, dismissed}:
        return Offered.SAME
    return Offered.NEW
