"""Policies as they cross the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

__all__ = [
    "ListPolicies",
    "PolicyPage",
    "PolicyRecord",
    "PolicyVersionRecord",
    "ReadPolicy",
    "SavePolicy",
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


class PolicyPage(msgspec.Struct, frozen=True, kw_only=True):
    """Policies in order of key; `has_next` says whether more follow the last one."""

    policies: tuple[PolicyRecord, ...]
    has_next: bool
