"""Schedules: immutable values with which sums are made; they know no ids and no tenant."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from businesstime.errors import DocumentInvalidError
from businesstime.holiday import Holiday
from businesstime.seasons import Season
from businesstime.windows import WeeklyHours, Window, merge_windows
from businesstime.zones import PACKAGED

if TYPE_CHECKING:
    from businesstime.algebra import Complement, Difference, Intersection, Union

__all__ = ["LocalSchedule", "Schedule", "SpecialHours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialHours:
    """The windows of one date, replacing everything else for it; none closes it."""

    date: date
    windows: tuple[Window, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "windows", merge_windows(self.windows))


class Schedule:
    """When a team is at work: a LocalSchedule, or others composed. Equal by content, and hashable.

    zone: the IANA zone whose dates are this schedule's business days.
    parts: the schedules of which this one is composed; none for a LocalSchedule.
    depth, size: how deep schedules stand in one another here, and how many places they are.
    """

    zone: str
    parts: tuple[Schedule, ...]
    depth: int
    size: int

    @cached_property
    def content_key(self) -> str:
        """SHA-256 of the canonical document, in hexadecimal: equal keys, equal schedules."""
        from businesstime.documents import schedule_to_document  # noqa: PLC0415 - documents know every kind

        text = json.dumps(schedule_to_document(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def __or__(self, other: Schedule) -> Union:
        from businesstime.algebra import union  # noqa: PLC0415 - the algebra stands on this module

        return union(self, other)

    def __and__(self, other: Schedule) -> Intersection:
        from businesstime.algebra import intersection  # noqa: PLC0415 - as above

        return intersection(self, other)

    def __sub__(self, other: Schedule) -> Difference:
        from businesstime.algebra import difference  # noqa: PLC0415 - as above

        return difference(self, other)

    def __invert__(self) -> Complement:
        from businesstime.algebra import complement  # noqa: PLC0415 - as above

        return complement(self)


@dataclass(frozen=True, kw_only=True)
class LocalSchedule(Schedule):
    """The hours of one place; on a date SpecialHours, else Holiday, else the first Season then, or hours."""

    zone: str
    hours: WeeklyHours
    seasons: tuple[Season, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    special: tuple[SpecialHours, ...] = ()
    parts: tuple[Schedule, ...] = field(init=False, default=(), compare=False, repr=False)
    depth: int = field(init=False, default=1, compare=False, repr=False)
    size: int = field(init=False, default=1, compare=False, repr=False)

    def __post_init__(self) -> None:
        PACKAGED.rules(self.zone)
        ordered = tuple(sorted(self.special, key=lambda each: each.date))
        object.__setattr__(self, "special", ordered)
        for first, second in pairwise(ordered):
            if first.date == second.date:
                raise DocumentInvalidError(f"{first.date} has two sets of special hours", field="special")

    def in_zone(self, zone: str) -> LocalSchedule:
        """Answer the same wall hours, read in another zone."""
        return replace(self, zone=zone)
