"""Why a schedule is open or closed: gap-free pieces of time, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from businesstime.algebra import Complement, Difference, Shift, Splice, Union
from businesstime.date_plans import PlanKind, explain_dates
from businesstime.instants import DAY_S, DAY_US, EPOCH_ORDINAL
from businesstime.schedule import LocalSchedule, Schedule
from businesstime.windows import spans_minutes
from businesstime.zones import ZoneDatabase, ZoneRules

__all__ = ["Segment", "explain"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of time `[start_us, end_us)`, open or closed throughout, for one reason.

    kind: what decided: weekly_hours, season, holiday or special_hours of the date.
    name: the season's or holiday's name; for special hours that of the holiday they replace; else None.
    """

    start_us: int
    end_us: int
    is_open: bool
    kind: PlanKind
    name: str | None = None


def explain(schedule: Schedule, start_us: int, end_us: int, database: ZoneDatabase) -> tuple[Segment, ...]:
    """Take `[start_us, end_us)` apart: the pieces touch, cover it, and no two neighbours are alike."""
    if end_us <= start_us:
        return ()
    match schedule:
        case LocalSchedule():
            return _merged(_local(schedule, start_us, end_us, database.rules(schedule.zone)))
        case Shift():
            by_us = schedule.by_us
            inner = explain(schedule.parts[0], start_us - by_us, end_us - by_us, database)
            return tuple(
                replace(each, start_us=each.start_us + by_us, end_us=each.end_us + by_us) for each in inner
            )
        case Splice():
            bounds = (start_us, *(min(max(each, start_us), end_us) for each in schedule.from_us), end_us)
            spans = zip(schedule.parts, bounds, bounds[1:], strict=False)
            return _merged(
                each for part, since, until in spans for each in explain(part, since, until, database)
            )
    parts = [explain(part, start_us, end_us, database) for part in schedule.parts]
    return _merged(_decide(schedule, together) for together in _aligned(parts))


def _decide(schedule: Schedule, together: Sequence[Segment]) -> Segment:
    """Choose whose reason stands where all parts have one piece each: the first part that decides."""
    first = together[0]
    match schedule:
        case Union():
            return next((each for each in together if each.is_open), first)
        case Difference():
            second = together[1]
            return replace(second, is_open=False) if first.is_open and second.is_open else first
        case Complement():
            return replace(first, is_open=not first.is_open)
    return next((each for each in together if not each.is_open), first)


def _aligned(parts: Sequence[Sequence[Segment]]) -> Iterator[tuple[Segment, ...]]:
    """Cut the parts' pieces at one another's edges, and yield those of the same time together."""
    places = [0] * len(parts)
    at_us, end_us = parts[0][0].start_us, parts[0][-1].end_us
    while at_us < end_us:
        here = [part[place] for part, place in zip(parts, places, strict=True)]
        until_us = min(each.end_us for each in here)
        yield tuple(replace(each, start_us=at_us, end_us=until_us) for each in here)
        places = [place + (each.end_us == until_us) for place, each in zip(places, here, strict=True)]
        at_us = until_us


def _local(schedule: LocalSchedule, start_us: int, end_us: int, rules: ZoneRules) -> Iterator[Segment]:
    """Yield the pieces date by date; what a window opened, over midnight too, stays open and its own."""
    first = rules.wall_us(start_us) // DAY_US + EPOCH_ORDINAL - 2
    last = rules.wall_us(end_us) // DAY_US + EPOCH_ORDINAL + 2
    done_us = start_us
    for ordinal, plan in enumerate(explain_dates(schedule, first, last), start=first):
        midnight_s = (ordinal - EPOCH_ORDINAL) * DAY_S
        windows = [
            tuple(rules.edge_us(midnight_s + minute * 60) for minute in span)
            for span in spans_minutes(plan.windows)
        ]
        for since_us, until_us, is_open in _of_date(windows, rules.edge_us(midnight_s + DAY_S)):
            stop_us = min(until_us, end_us)
            from_us = max(since_us, done_us)
            if from_us < stop_us:
                yield Segment(from_us, stop_us, is_open, plan.kind, plan.name)
                done_us = stop_us


def _of_date(windows: Iterable[tuple[int, ...]], midnight_us: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (since, until, is open): each window, the closed time before it, and that after the last."""
    closed_us = -(1 << 62)
    for opens_us, closes_us in windows:
        yield closed_us, opens_us, False
        yield opens_us, closes_us, True
        closed_us = closes_us
    yield closed_us, midnight_us, False


def _merged(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    merged: list[Segment] = []
    for segment in segments:
        last = merged[-1] if merged else None
        if last and (last.is_open, last.kind, last.name) == (segment.is_open, segment.kind, segment.name):
            merged[-1] = replace(last, end_us=segment.end_us)
        else:
            merged.append(segment)
    return tuple(merged)
