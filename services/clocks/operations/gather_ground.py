"""What all measures of a request stand on, and what gathering for one of them answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from businesstime import Interval, Timeline
from clocks.domain.measures.item import Items
from clocks.domain.measures.reduction import Reduction
from clocks.operations.load_rulebook import Rulebook
from pgstore.connection import Connection

__all__ = ["Gathered", "Ground"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """timelines: of the Calendars that the measure names itself. exclusions: those of the request."""

    connection: Connection
    rulebook: Rulebook
    timelines: Mapping[str, Timeline]
    exclusions: Sequence[Interval]
    now_us: int


class Gathered(NamedTuple):
    """The items of a measure in a period, to be read once, and how to begin a value that is made of some.

    basis: what else the value stands on.
    """

    portions: AsyncIterator[Items]
    begin: Callable[[], Reduction]
    basis: tuple[str | int, ...] = ()
