"""The grid of the slow oracle: half hours from Monday's midnight, and what promises reach to on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

SLOTS_A_DAY = 48
FAR = 6_000  # half hours; nothing in a story is due later


def office(slot: int) -> bool:
    """Monday to Friday 9 to 12 and 13 to 17."""
    day, half = divmod(slot, SLOTS_A_DAY)
    return day % 7 < 5 and (18 <= half < 24 or 26 <= half < 34)


def late(slot: int) -> bool:
    """Every day 15 to 23."""
    return 30 <= slot % SLOTS_A_DAY < 46


CALENDARS: dict[str, Callable[[int], bool]] = {"office": office, "late": late}


class Until(NamedTuple):
    """A promise that reaches to a point: so many days on, the end of a day, or a slot."""

    kind: str
    reach: int

    @property
    def fixed(self) -> bool:
        """Whether pauses leave it alone."""
        return self.kind != "days"


Length = int | Until


def opens(day: int, calendar: str) -> bool:
    """Tell whether a day has open time."""
    return any(CALENDARS[calendar](slot) for slot in slots_of(day))


def slots_of(day: int) -> range:
    """List the half hours of a day."""
    return range(day * SLOTS_A_DAY, (day + 1) * SLOTS_A_DAY)


def count_open(start: int, end: int, calendar: str) -> int:
    """Count open half hours."""
    return sum(CALENDARS[calendar](slot) for slot in range(start, end))


def after_open(start: int, count: int, calendar: str) -> int:
    """Find the end of so many open half hours."""
    slot = start
    while count > 0:
        count -= CALENDARS[calendar](slot)
        slot += 1
    return slot


def nth_day(day: int, count: int, calendar: str) -> int:
    """Find the so-many-th day with open time after a day."""
    while count > 0:
        day += 1
        count -= opens(day, calendar)
    return day


def reaches_to(until: Until, start: int, calendar: str) -> int:
    """Tell where a promise ends for what starts then and is never paused."""
    day, half = divmod(start, SLOTS_A_DAY)
    if until.kind == "slot":
        return max(until.reach, start)
    if until.kind == "days":
        slot = nth_day(day, until.reach, calendar) * SLOTS_A_DAY + half
        while not CALENDARS[calendar](slot):
            slot += 1
        return slot
    if until.reach > 0 or not count_open(start, slots_of(day).stop, calendar):
        day = nth_day(day, max(until.reach, 1), calendar)
    return max(slot + 1 for slot in slots_of(day) if CALENDARS[calendar](slot))
