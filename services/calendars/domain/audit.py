"""The audit of amendments, as it crosses the door: who, when, what, from when on and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["AmendmentPage", "AmendmentRecord", "ListAmendments"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListAmendments:
    """A page of the audit, newest first, those after the cursor `after`; key: of one Calendar only."""

    key: str | None = None
    first: int = 50
    after: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AmendmentRecord:
    """Who amended which Calendar, when, from when on and why; version 1 is its creation.

    name: what the Calendar is called since; None: as before.
    """

    cursor: str
    key: str
    version: int
    mode: Literal["FORWARD", "RESTATE"]
    effective_from: datetime | None
    reason: str | None
    created_at: datetime
    created_by: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AmendmentPage:
    """Amendments, newest first; `has_next` says whether older ones follow."""

    amendments: tuple[AmendmentRecord, ...]
    has_next: bool
