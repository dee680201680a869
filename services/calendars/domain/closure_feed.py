"""A feed of a Calendar's closures: an address that nobody guesses, and that can be revoked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

__all__ = [
    "MAX_FEEDS",
    "ClosureFeed",
    "ClosureFeeds",
    "Closures",
    "ListClosureFeeds",
    "OpenClosureFeed",
    "OpenedClosureFeed",
    "ReadClosures",
    "RevokeClosureFeed",
    "digest_of",
    "new_secret",
]

MAX_FEEDS = 50
"""How many feeds of one Calendar may be open at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenClosureFeed:
    """A new feed of a Calendar's closures."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeClosureFeed:
    """End a feed, by its id: its secret opens nothing from then on. Ending an ended one changes nothing."""

    feed_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ListClosureFeeds:
    """The feeds of a Calendar, ended ones included, newest first."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadClosures:
    """The closures behind a secret."""

    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosureFeed:
    """A feed without its secret, which is not kept: only its digest is, of which the id is a part."""

    feed_id: str
    key: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
    revoked_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedClosureFeed:
    """A new feed with its secret: the only time that it is told."""

    feed: ClosureFeed
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosureFeeds:
    """Feeds of one Calendar, newest first."""

    feeds: tuple[ClosureFeed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Closures:
    """An iCalendar file (text/calendar); etag: equal for equal content."""

    content: str
    etag: str


def new_secret() -> str:
    """Make a secret of 256 random bits, fit for an address."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret: with 256 random bits in it, a plain hash cannot be turned back."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
