"""What all measures of a request stand on, and what gathering for one of them answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from businesstime import Interval, Timeline
from clocks.domain.measures.item import Item
from clocks.domain.measures.refusals import MeasureTooLargeError
from clocks.domain.measures.value import Value
from clocks.operations.load_rulebook import Rulebook
from pgstore.connection import Connection

__all__ = ["MAX_ITEMS", "Gathered", "Ground", "collect"]

MAX_ITEMS: Final = 500_000
"""What one period may hold: more are a warehouse's work, not a request's."""

Thing = TypeVar("Thing")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """timelines: of the Calendars that the measure names itself. exclusions: those of the request."""

    connection: Connection
    rulebook: Rulebook
    timelines: Mapping[str, Timeline]
    exclusions: Sequence[Interval]
    now_us: int


class Gathered(NamedTuple):
    """The items of a measure in a period, and how a value is made of the contents of some of them.

    unusable: events that should have counted, and say nothing that can. basis: what else the value stands on.
    """

    items: Sequence[Item[Any]]
    evaluate: Callable[[Sequence[Any]], Value]
    unusable: int = 0
    basis: tuple[str | int, ...] = ()


async def collect(things: AsyncIterator[Thing]) -> list[Thing]:
    """Read what there is, to a limit. Raises MeasureTooLargeError."""
    found: list[Thing] = []
    async for thing in things:
        if len(found) == MAX_ITEMS:
            raise MeasureTooLargeError(
                f"one period holds more than {MAX_ITEMS:,} facts: measure shorter ones, such as the days of a"
                " month: numerators and denominators of shares and of mean times add up",
                field="period",
            )
        found.append(thing)
    return found
