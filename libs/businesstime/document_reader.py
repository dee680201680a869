"""Reads schedule documents; every refusal names the path of the value at fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from businesstime.algebra import (
    DEEPEST,
    complement,
    difference,
    intersection,
    shift,
    splice,
    union,
)
from businesstime.document_values import (
    as_list,
    as_mapping,
    read_holiday,
    read_hours,
    read_list,
    read_season,
    read_special,
)
from businesstime.durations import parse_duration
from businesstime.errors import BusinessTimeError, DocumentInvalidError, ZoneUnknownError
from businesstime.instants import to_us
from businesstime.schedule import LocalSchedule, Schedule
from businesstime.zones import PACKAGED

__all__ = ["read_schedule"]

Value = TypeVar("Value")

_FIELDS: Final = ("zone", "hours", "seasons", "holidays", "special")


def read_schedule(value: object, path: str, depth: int) -> Schedule:
    """Read the schedule at `path`, `depth` schedules deep. Raises DocumentInvalidError and its kin."""
    if depth > DEEPEST:
        raise DocumentInvalidError(f"schedules are composed at most {DEEPEST} deep", field=path or None)
    document = as_mapping(value, path)
    kinds = [kind for kind in _COMPOSED if kind in document]
    if not kinds:
        return _local(document, path)
    if len(document) > 1:
        other = next(name for name in document if name != kinds[0])
        raise DocumentInvalidError(
            f"does not go with {kinds[0]}", field=f"{path}.{other}" if path else str(other)[:40]
        )
    here = f"{path}.{kinds[0]}" if path else kinds[0]
    return _placed(here, lambda: _COMPOSED[kinds[0]](document[kinds[0]], here, depth + 1))


def _local(value: object, path: str) -> LocalSchedule:
    document = as_mapping(value, path, _FIELDS, ("zone", "hours"))
    inside = f"{path}." if path else ""
    zone = document["zone"]
    try:
        PACKAGED.rules(zone if isinstance(zone, str) else repr(zone)[:40])
    except ZoneUnknownError as error:
        raise ZoneUnknownError(error.reason, field=f"{inside}zone") from None
    return LocalSchedule(
        zone=zone,
        hours=read_hours(document["hours"], f"{inside}hours"),
        seasons=read_list(document.get("seasons", []), f"{inside}seasons", read_season),
        holidays=read_list(document.get("holidays", []), f"{inside}holidays", read_holiday),
        special=read_special(document.get("special", {}), f"{inside}special"),
    )


def _parts(value: object, path: str, depth: int) -> tuple[Schedule, ...]:
    return read_list(value, path, lambda entry, here: read_schedule(entry, here, depth))


def _union(value: object, path: str, depth: int) -> Schedule:
    return union(*_parts(value, path, depth))


def _intersection(value: object, path: str, depth: int) -> Schedule:
    return intersection(*_parts(value, path, depth))


def _difference(value: object, path: str, depth: int) -> Schedule:
    parts = _parts(value, path, depth)
    if len(parts) != 2:  # noqa: PLR2004 - a difference is between two
        raise DocumentInvalidError(f"a difference has two schedules, not {len(parts)}", field=path)
    return difference(*parts)


def _complement(value: object, path: str, depth: int) -> Schedule:
    return complement(read_schedule(value, path, depth))


def _shift(value: object, path: str, depth: int) -> Schedule:
    document = as_mapping(value, path, ("schedule", "by"), ("schedule", "by"))
    by_us = _placed(f"{path}.by", lambda: parse_duration(document["by"]))
    if not isinstance(by_us, int):
        raise DocumentInvalidError("a schedule is shifted by hours, not by business days", field=f"{path}.by")
    return shift(read_schedule(document["schedule"], f"{path}.schedule", depth), by_us)


def _splice(value: object, path: str, depth: int) -> Schedule:
    parts: list[tuple[int | None, Schedule]] = []
    for index, entry in enumerate(as_list(value, path)):
        here = f"{path}[{index}]"
        fields = ("from", "schedule") if index else ("schedule",)
        document = as_mapping(entry, here, fields, fields)
        start_us = _instant_us(document["from"], f"{here}.from") if index else None
        parts.append((start_us, read_schedule(document["schedule"], f"{here}.schedule", depth)))
    return splice(parts)


_COMPOSED: Final[dict[str, Callable[[object, str, int], Schedule]]] = {
    "union": _union,
    "intersection": _intersection,
    "difference": _difference,
    "complement": _complement,
    "shift": _shift,
    "splice": _splice,
}


def _instant_us(value: object, path: str) -> int:
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        instant = None
    if not isinstance(instant, datetime):
        raise DocumentInvalidError("an instant such as 2026-01-01T00:00:00Z is expected", field=path)
    return _placed(path, lambda: to_us(instant))


def _placed(path: str, read: Callable[[], Value]) -> Value:
    """Give an error that has no path of its own the path `path`."""
    try:
        return read()
    except BusinessTimeError as error:
        if error.field is not None and error.field.startswith(path):
            raise
        raise DocumentInvalidError(error.reason, field=path) from None
