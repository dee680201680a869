"""Policies as they cross the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from clocks.domain.policy_advice import Advice

__all__ = [
    "DefaultCalendarRecord",
    "DefaultCalendarVersionRecord",
    "ListPolicies",
    "PolicyPage",
    "PolicyRecord",
    "PolicyVersionRecord",
    "ReadDefaultCalendar",
    "ReadPolicy",
    "SavePolicy",
    "SavedPolicy",
    "SetDefaultCalendar",
]


class SavePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A new Policy (expected_version 0) or a new version of one.

    effective_from: Cycles that start at or after it are governed by this version; None: always, for a
    first version, and now, for a later one.
    """

    key: str
    document: dict[str, Any]
    expected_version: int = 0
    effective_from: datetime | None = None


class ReadPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One Policy with all its versions."""

    key: str


class ListPolicies(msgspec.Struct, frozen=True, kw_only=True):
    """A page of Policies in order of key, those after the key `after`."""

    first: int = 50
    after: str | None = None


class PolicyVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a Policy, as it was saved."""

    version: int
    effective_from: datetime | None
    document: dict[str, Any]
    created_at: datetime
    created_by: str


class PolicyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A Policy and its versions, oldest first; `version` is the latest's number."""

    key: str
    name: str
    version: int
    versions: tuple[PolicyVersionRecord, ...]


class SavedPolicy(PolicyRecord, frozen=True, kw_only=True):
    """A Policy whose latest version was just saved. advice: what in that has no effect."""

    advice: tuple[Advice, ...] = ()


class PolicyPage(msgspec.Struct, frozen=True, kw_only=True):
    """Policies in order of key; `has_next` says whether more follow the last one."""

    policies: tuple[PolicyRecord, ...]
    has_next: bool


class SetDefaultCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """The Calendar that counts where neither Target, attribute nor Policy names one: a version of this.

    expected_version: the latest version that this one was made on; 0: none. effective_from: Cycles that start
    at or after it are counted on this one; None: now. The first one holds always.
    """

    calendar_key: str
    expected_version: int = 0
    effective_from: datetime | None = None


class ReadDefaultCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """The tenant's default Calendar with all its versions."""


class DefaultCalendarVersionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the default Calendar, as it was set; effective_from None: always."""

    version: int
    calendar_key: str
    effective_from: datetime | None
    created_at: datetime
    created_by: str


class DefaultCalendarRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The default Calendar by its latest version, and all versions, oldest first."""

    calendar_key: str
    version: int
    versions: tuple[DefaultCalendarVersionRecord, ...]
