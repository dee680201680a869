"""The demo's tickets: invented, but the same for the same seed, wherever and whenever they are made.

Each day of each desk has its own source of chance, so what happened on a day does not depend on how many
days are told, and a longer story is the shorter one continued.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from businesstime import Timeline, compile_schedule, schedule_from_document, zone
from cli.demo_documents import calendar_documents

__all__ = ["REGIONS", "Ticket", "Update", "tell"]

REGIONS = ("sao-paulo", "london", "tokyo")

_CUSTOMERS = ("ACME", "Globex", "Initech", "Umbrella")
_GROUPS = ("Network", "Workplace", "Databases", "Identity")
_CATEGORIES = ("Access", "Hardware", "Network", "Software")
_PRIORITIES = ("1", "2", "3", "4")
_PRIORITY_WEIGHTS = (3, 10, 65, 22)
_RESPONSE_MINUTES = {"1": 30, "2": 60, "3": 240, "4": 480}
_RESOLUTION_MINUTES = {"1": 240, "2": 480, "3": 1440, "4": 2400}
_RAISED, _WAITING, _REOPENED = 0.06, 0.3, 0.04
_FRIDAY = 4
_MINUTE_US = 60_000_000
_FIRST_DAY = date(2000, 1, 1)
_TICKETS_A_DAY_AND_DESK = 30


@dataclass(frozen=True, kw_only=True)
class Update:
    """What changed on a ticket at an instant, a whole minute; `changes` are attributes by name."""

    at: datetime
    changes: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket from its opening to its closing. number: as ServiceNow would give it, unique in the story."""

    number: str
    region: str
    updates: tuple[Update, ...]


def tell(*, seed: int, first: date, last: date) -> Iterator[Ticket]:
    """Tell of the tickets opened from `first` to `last`, both included, in order of day and desk."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        for place, region in enumerate(REGIONS):
            chance = random.Random(f"{seed}/{day}/{region}")  # noqa: S311 - a story, no secret
            first_number = ((day - _FIRST_DAY).days * len(REGIONS) + place) * _TICKETS_A_DAY_AND_DESK
            for index in range(_how_many(chance, day)):
                yield Ticket(
                    number=f"INC{first_number + index:07}",
                    region=region,
                    updates=tuple(_updates(chance, day, region)),
                )


def _how_many(chance: random.Random, day: date) -> int:
    return chance.randrange(2) if day.weekday() > _FRIDAY else chance.randint(5, 11)


def _updates(chance: random.Random, day: date, region: str) -> Iterator[Update]:
    """Tell one ticket: opened, taken up, perhaps raised or waiting, resolved, perhaps reopened, closed."""
    priority = chance.choices(_PRIORITIES, _PRIORITY_WEIGHTS)[0]
    at = _opened_at(chance, day, region)
    yield Update(
        at=at,
        changes={
            "state": "New",
            "priority": priority,
            "region": region,
            "customer": chance.choice(_CUSTOMERS),
            "category": chance.choice(_CATEGORIES),
        },
    )
    taken_up = _work_minutes(chance, _RESPONSE_MINUTES[priority], median=0.3)
    at = _after_work(region, at, taken_up)
    yield Update(at=at, changes={"state": "Active", "group": chance.choice(_GROUPS)})
    left = max(_work_minutes(chance, _RESOLUTION_MINUTES[priority], median=0.36) - taken_up, 2)
    if priority != "1" and chance.random() < _RAISED:
        at = _after_work(region, at, left // 4 + 1)
        yield Update(at=at, changes={"priority": str(int(priority) - 1)})
    if chance.random() < _WAITING:
        at = _after_work(region, at, left // 3 + 1)
        yield Update(at=at, changes={"state": "Awaiting User Info"})
        at += timedelta(minutes=chance.randint(30, 3000))
        yield Update(at=at, changes={"state": "Active"})
    yield from _ending(chance, region, _after_work(region, at, left // 2 + 1))


def _ending(chance: random.Random, region: str, at: datetime) -> Iterator[Update]:
    yield Update(at=at, changes={"state": "Resolved"})
    if chance.random() < _REOPENED:
        at = _after_work(region, at, chance.randint(30, 900))
        yield Update(at=at, changes={"state": "Active", "reopened": True})
        at = _after_work(region, at, chance.randint(20, 300))
        yield Update(at=at, changes={"state": "Resolved"})
    yield Update(at=at + timedelta(days=5), changes={"state": "Closed"})


def _opened_at(chance: random.Random, day: date, region: str) -> datetime:
    """Choose a minute of the day between 07:00 and 20:00, on the desk's own clock."""
    minute = chance.randrange(7 * 60, 20 * 60)
    wall = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone(_zone_names()[region]))
    return _utc(wall)


def _work_minutes(chance: random.Random, target: int, *, median: float) -> int:
    """Choose how much business time something takes: mostly well below the target, sometimes far above."""
    return max(int(target * median * chance.lognormvariate(0, 0.7)), 1)


def _after_work(region: str, at: datetime, minutes: int) -> datetime:
    """Find when that much business time of the desk has passed, at a whole minute."""
    return _utc(_timelines()[region].deadline(at, minutes * _MINUTE_US))


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(zone("UTC"))


@cache
def _zone_names() -> Mapping[str, str]:
    return {key: str(document["zone"]) for key, document in calendar_documents().items()}


@cache
def _timelines() -> Mapping[str, Timeline]:
    return {
        key: compile_schedule(schedule_from_document(document))
        for key, document in calendar_documents().items()
    }
