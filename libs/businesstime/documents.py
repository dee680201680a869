"""Schedules to plain documents, as JSON and YAML hold them, and canonical ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from businesstime.algebra import Complement, Difference, Intersection, Shift, Splice, Union
from businesstime.blobs import unpack_document
from businesstime.document_reader import read_schedule
from businesstime.errors import BlobInvalidError, DocumentInvalidError
from businesstime.holiday import DatedHoliday, Holiday, RegionHolidays
from businesstime.instants import from_us
from businesstime.schedule import LocalSchedule, Schedule
from businesstime.seasons import Season
from businesstime.windows import WEEKDAYS, WeeklyHours

__all__ = ["read_packed_schedule", "schedule_from_document", "schedule_to_document"]


_KINDS: Final[dict[type[Schedule], str]] = {
    Union: "union",
    Intersection: "intersection",
    Difference: "difference",
}


def schedule_from_document(document: Mapping[str, Any]) -> Schedule:
    """Read a schedule from a plain document; README.md shows its shape.

    Raises DocumentInvalidError, or one of its kin; `field` is the path of the value at fault: `hours.mon[1]`.
    """
    return read_schedule(document, "", 1)


def schedule_to_document(schedule: Schedule) -> dict[str, Any]:
    """Write a schedule as a plain document of JSON types; reading it gives an equal schedule."""
    match schedule:
        case LocalSchedule():
            return _local(schedule)
        case Union() | Intersection() | Difference():
            return {_KINDS[type(schedule)]: [schedule_to_document(part) for part in schedule.parts]}
        case Complement():
            return {"complement": schedule_to_document(schedule.parts[0])}
        case Shift():
            return {
                "shift": {"schedule": schedule_to_document(schedule.parts[0]), "by": f"{schedule.by_us}us"}
            }
        case Splice():
            return {"splice": _spliced(schedule)}
        case _:
            raise TypeError(f"{type(schedule).__name__} has no document")


def read_packed_schedule(compressed: bytes) -> Schedule:
    """Read the schedule that a blob carries. Raises BlobInvalidError."""
    try:
        return schedule_from_document(json.loads(unpack_document(compressed)))
    except (ValueError, RecursionError, DocumentInvalidError) as error:
        raise BlobInvalidError(f"the schedule in it cannot be read: {str(error)[:200]}") from None


def _local(schedule: LocalSchedule) -> dict[str, Any]:
    document: dict[str, Any] = {"zone": schedule.zone, "hours": _hours(schedule.hours)}
    if schedule.seasons:
        document["seasons"] = [_season(each) for each in schedule.seasons]
    if schedule.holidays:
        document["holidays"] = [_holiday(each) for each in schedule.holidays]
    if schedule.special:
        document["special"] = {
            each.date.isoformat(): [str(window) for window in each.windows] for each in schedule.special
        }
    return document


def _hours(hours: WeeklyHours) -> dict[str, list[str]]:
    return {
        day: [str(window) for window in windows]
        for day, windows in zip(WEEKDAYS, hours.days, strict=True)
        if windows
    }


def _season(season: Season) -> dict[str, Any]:
    return {
        "name": season.name,
        "from": str(season.first),
        "to": str(season.last),
        "hours": _hours(season.hours),
    }


def _holiday(holiday: Holiday) -> dict[str, Any]:
    if isinstance(holiday, DatedHoliday):
        return {"date": holiday.date.isoformat(), "name": holiday.name}
    if isinstance(holiday, RegionHolidays):
        document: dict[str, Any] = {"country": holiday.country}
        if holiday.subdivision is not None:
            document["subdivision"] = holiday.subdivision
        if holiday.opt_outs:
            document["except"] = list(holiday.opt_outs)
        return document if holiday.observed else {**document, "observed": False}
    return {"rule": str(holiday.rule), "from": holiday.start.isoformat(), "name": holiday.name}


def _spliced(schedule: Splice) -> list[dict[str, Any]]:
    first, *later = (schedule_to_document(part) for part in schedule.parts)
    starts = (from_us(each).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for each in schedule.from_us)
    return [
        {"schedule": first},
        *({"from": start, "schedule": part} for start, part in zip(starts, later, strict=True)),
    ]
