"""Terms: where they end, what pauses do to that, and the warnings before it; the README's examples too."""

from __future__ import annotations

from typing import Any

import pytest

from clocks.domain.cycle import Cycle
from clocks.domain.firing import all_firings
from clocks.domain.reading import read_cycle
from clocks.domain.term import Term, ends_us
from tests.services.clocks.domain.promises import (
    ALWAYS,
    HOUR_US,
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    policy_document,
    timeline,
    versions,
)

NINE_TO_FIVE = timeline({"zone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}})
NIGHT = timeline({"zone": "UTC", "hours": {"mon-fri": ["22:00-06:00"]}})
SMALL_HOURS = timeline({"zone": "UTC", "hours": {"tue-fri": ["00:00-03:00", "09:00-17:00"]}})
PARIS = timeline({"zone": "Europe/Paris", "hours": {"mon-fri": ["09:00-17:00"]}})
ROUND = timeline(ALWAYS)
TIMES = {**TIMELINES, "desk": NINE_TO_FIVE}
DAY = 24
FIFTH_OF_JUNE = 739_772  # the ordinal of Friday, 5 June 2026


def days(count: int, hours: float = 0) -> float:
    """Say the hours from Monday's midnight until so many days on, at an hour."""
    return count * DAY + hours


ENDS: list[tuple[Term, Any, float, float]] = [
    (Term("days", 2), NINE_TO_FIVE, days(0, 10), days(2, 10)),
    (Term("days", 2), NINE_TO_FIVE, days(0, 20), days(3, 9)),
    (Term("days", 1), NINE_TO_FIVE, days(4, 16), days(7, 16)),
    (Term("days", 1), NINE_TO_FIVE, days(5, 12), days(7, 12)),
    (Term("days", 1), ROUND, days(5, 12.5), days(6, 12.5)),
    (Term("day_end", 1), NINE_TO_FIVE, days(0, 10), days(1, 17)),
    (Term("day_end", 1), NINE_TO_FIVE, days(4, 10), days(7, 17)),
    (Term("day_end", 0), NINE_TO_FIVE, days(0, 10), days(0, 17)),
    (Term("day_end", 0), NINE_TO_FIVE, days(0, 17), days(1, 17)),
    (Term("day_end", 0), NINE_TO_FIVE, days(0, 6), days(0, 17)),
    (Term("day_end", 0), NINE_TO_FIVE, days(5, 10), days(7, 17)),
    (Term("day_end", 1), PARIS, days(0, 10), days(1, 15)),
    (Term("day_end", 0), ROUND, days(0, 10), days(1)),
    (Term("day_end", 1), NIGHT, days(0, 23), days(2)),
    (Term("day_end", 1), SMALL_HOURS, days(0, 10), days(1, 17)),  # the next date opens at midnight
    (Term("date", FIFTH_OF_JUNE), NINE_TO_FIVE, days(0, 10), days(4, 17)),
    (Term("date", FIFTH_OF_JUNE + 1), NINE_TO_FIVE, days(0, 10), days(6)),
    (Term("date", FIFTH_OF_JUNE), PARIS, days(0, 10), days(4, 15)),
    (Term("date", FIFTH_OF_JUNE), NINE_TO_FIVE, days(5, 10), days(5, 10)),
    (Term("instant", at_us(50)), NINE_TO_FIVE, days(0, 10), 50),
    (Term("instant", at_us(5)), NINE_TO_FIVE, days(0, 10), days(0, 10)),
]


@pytest.mark.parametrize(("term", "calendar", "start", "end"), ENDS)
def test_a_term_ends_where_people_say(term: Term, calendar: Any, start: float, end: float) -> None:
    """On business days, at closing times, in the Calendar's zone, and never before the start."""
    assert (ends_us(term, at_us(start), calendar) - at_us(0)) / HOUR_US == end


def cycle_of(log: list[tuple[float, str]], **target: Any) -> Cycle:
    """Fold a log under one Target on the desk's hours."""
    document = policy_document(targets=[{"name": "t", **target}])
    document["calendars"] = {"default": "desk"}
    events = [event(hours, kind, promised="2026-06-05") for hours, kind in log]
    return cycles_of(folded(events, versions(document)))[-1]


def hours(instant_us: int | None) -> float | None:
    """Turn an instant into hours."""
    return None if instant_us is None else (instant_us - at_us(0)) / HOUR_US


TWO_DAYS = {"duration": "2bd"}
NEXT_DAY = {"until": {"business_day_end": 1}}

# Under a term: the log, then when it is due, and what has become of it by the end of the next week.
DUES: list[tuple[dict[str, Any], list[tuple[float, str]], float | None, str]] = [
    (TWO_DAYS, [(10, "start")], days(2, 10), "BREACHED"),
    (TWO_DAYS, [(10, "start"), (days(1, 16), "wait"), (days(2, 9.5), "go")], days(2, 11.5), "BREACHED"),
    (TWO_DAYS, [(20, "start")], days(3, 9), "BREACHED"),
    (TWO_DAYS, [(20, "start"), (days(1, 2), "wait"), (days(1, 3), "go")], days(3, 9), "BREACHED"),
    (TWO_DAYS, [(20, "start"), (days(3, 8), "stop")], days(3, 9), "MET"),
    (TWO_DAYS, [(20, "start"), (days(3, 9), "stop")], days(3, 9), "MET"),
    (TWO_DAYS, [(10, "start"), (days(2, 10), "wait")], days(2, 10), "BREACHED"),
    (TWO_DAYS, [(10, "start"), (days(2, 9), "wait")], None, "PENDING"),
    (TWO_DAYS, [(10, "start"), (12, "stop"), (16, "start")], days(2, 14), "BREACHED"),
    (TWO_DAYS, [(10, "start"), (12, "wait"), (16, "cancel")], days(2, 14), "PENDING"),
    (TWO_DAYS, [(10, "start"), (12, "stop"), (16, "cancel")], days(2, 10), "MET"),
    (NEXT_DAY, [(10, "start"), (12, "wait")], days(1, 17), "BREACHED"),
    (NEXT_DAY, [(10, "start"), (12, "wait"), (days(1, 17), "stop")], days(1, 17), "MET"),
    (NEXT_DAY, [(10, "start"), (12, "stop"), (days(2, 9), "start")], days(1, 17), "BREACHED"),
    (NEXT_DAY, [(10, "start"), (12, "stop"), (days(2, 9), "cancel")], days(1, 17), "MET"),
]


@pytest.mark.parametrize(("target", "log", "due", "outcome"), DUES)
def test_pauses_move_business_days_and_no_fixed_point(
    target: dict[str, Any], log: list[tuple[float, str]], due: float | None, outcome: str
) -> None:
    """By the open time that they took, whatever became of it."""
    reading = read_cycle(cycle_of(log, **target), at_us(days(12)), TIMES)
    assert (hours(reading.due_at_us), reading.outcome) == (due, outcome)


WARNED = [
    ({**TWO_DAYS, "warnings": ["50%", "4h"]}, [(10, "start")], [days(1, 10), days(1, 14)]),
    ({**TWO_DAYS, "warnings": ["50%"]}, [(10, "start"), (12, "wait"), (14, "go")], [days(1, 12)]),
    ({**TWO_DAYS, "warnings": ["50%"]}, [(10, "start"), (12, "wait")], []),
    ({**TWO_DAYS, "warnings": ["17h"]}, [(10, "start")], []),
    ({**NEXT_DAY, "warnings": ["1bd", "2h"]}, [(10, "start")], [17, days(1, 15)]),
    ({**NEXT_DAY, "warnings": ["1bd", "2h"]}, [(10, "start"), (12, "wait")], [17, days(1, 15)]),
    ({**NEXT_DAY, "warnings": ["2bd", "1h"]}, [(10, "start")], [days(1, 16)]),
    ({**NEXT_DAY, "warnings": ["60%"]}, [(10, "start")], [days(1, 11)]),
    ({**NEXT_DAY, "warnings": ["15h"]}, [(10, "start")], []),
    ({**NEXT_DAY, "warnings": ["899m"]}, [(10, "start")], [10 + 1 / 60]),
    ({"until": {"attribute": "promised"}, "warnings": ["1bd"]}, [(10, "start")], [days(3, 17)]),
]


@pytest.mark.parametrize(("target", "log", "warned"), WARNED)
def test_warnings_come_before_a_term_ends(
    target: dict[str, Any], log: list[tuple[float, str]], warned: list[float]
) -> None:
    """As shares of its worth or before its end; of a fixed point in pauses too; none before the start."""
    firings = all_firings(cycle_of(log, **target), TIMES)
    assert [hours(firing.at_us) for firing in firings if firing.kind == "warning"] == warned


def test_a_business_day_before_the_hour_of_opening_is_the_hour_of_opening() -> None:
    """Nine is open: the day before it is nine, too, and not the evening before that."""
    document = policy_document(
        targets=[{"name": "t", "until": {"attribute": "promised"}, "warnings": ["1bd"]}]
    )
    document["calendars"] = {"default": "desk"}
    for promised, warned in (("2026-06-05T09:00:00Z", days(3, 9)), ("2026-06-05T08:59:00Z", days(2, 17))):
        (cycle,) = cycles_of(folded([event(10, "start", promised=promised)], versions(document)))
        assert hours(all_firings(cycle, TIMES)[0].at_us) == warned


def test_a_paused_cycle_runs_out_before_a_fixed_point() -> None:
    """What remains is the open time until it, paused or not; the worth is what the term holds."""
    cycle = cycle_of([(10, "start"), (12, "wait")], **NEXT_DAY)
    reading = read_cycle(cycle, at_us(days(1, 16)), TIMES)
    assert (reading.target_us, reading.elapsed_us, reading.remaining_us) == (
        15 * HOUR_US,
        2 * HOUR_US,
        HOUR_US,
    )
    assert (reading.phase, reading.next_change_us) == ("PAUSED", at_us(days(1, 17)))


def test_a_fixed_point_that_moves_is_another_promise() -> None:
    """A new date, and an attribute that says none: then the old one stays."""
    document = policy_document(targets=[{"name": "t", "until": {"attribute": "promised"}}])
    document["calendars"] = {"default": "desk"}
    log = [
        event(10, "order"),
        event(11, "start"),
        event(12, "start", promised="2026-06-05"),
        event(13, "other", promised="2026-06-08T12:00:00+02:00"),
        event(14, "other", promised="soon"),
    ]
    dues = []
    for length in range(1, len(log) + 1):
        cycles = cycles_of(folded(log[:length], versions(document)))
        dues.append([hours(read_cycle(cycle, at_us(20), TIMES).due_at_us) for cycle in cycles])
    assert dues == [[], [], [days(4, 17)], [days(7, 10)], [days(7, 10)]]


def test_a_fixed_point_that_passed_in_a_stop_was_kept_when_the_promise_changes() -> None:
    """Who reopens under another promise never ran past the first; who ran on before has broken it."""
    targets = [
        {"name": "point", "when": 'subject.p == "point"', **NEXT_DAY},
        {"name": "hours", "duration": "20h"},
    ]
    document = policy_document(targets=targets, retarget="CARRY")
    document["calendars"] = {"default": "desk"}
    begun = [event(10, "start", p="point"), event(12, "stop")]
    changed = event(days(2, 10), "start", p="hours")
    for log, due in (
        ([*begun, changed], days(4, 12)),
        ([*begun, event(days(2, 9), "start", p="point"), changed], days(1, 17)),
    ):
        (cycle,) = cycles_of(folded(log, versions(document)))
        assert hours(read_cycle(cycle, at_us(days(2, 11)), TIMES).due_at_us) == due


@pytest.mark.parametrize("mode", ["RECOUNT", "CARRY"])
def test_hours_and_business_days_follow_one_another(mode: str) -> None:
    """Four hours, of which two ran and two were paused, then two business days, less what was used."""
    targets = [
        {"name": "hours", "when": 'subject.p == "hours"', "duration": "4h"},
        {"name": "days", "duration": "2bd"},
    ]
    document = policy_document(targets=targets, retarget=mode)
    document["calendars"] = {"default": "desk"}
    log = [event(10, "start", p="hours"), event(12, "wait"), event(14, "start", p="days")]
    (cycle,) = cycles_of(folded(log, versions(document)))
    reading = read_cycle(cycle, at_us(15), TIMES)
    assert hours(reading.due_at_us) == days(2, 12)
    assert reading.remaining_us == 13 * HOUR_US
