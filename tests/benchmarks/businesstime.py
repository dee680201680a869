"""How fast business time is, beside its peers on the same work in the same run, and the bare machine.

Run as `python -m tests.benchmarks.businesstime`. Work: Monday to Friday 09:00-12:30 and 13:15-17:30 in New
York, US federal holidays 2020-2030; 10,000 random pairs in 2024-2026, spans of 1 minute to 90 days; arrays of
a million. Times are those of the processor, since other work may share the machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from businesstime import (
    Schedule,
    Timeline,
    TimelineRows,
    compile_schedule,
    from_us,
    schedule_from_document,
    to_us,
    union,
)
from businesstime.holiday import RegionHolidays, holiday_names
from businesstime.instants import EPOCH
from tests.benchmarks.businesstime_peers import load_peers

DOCUMENT: Final[dict[str, Any]] = {
    "zone": "America/New_York",
    "hours": {"mon-fri": ["09:00-12:30", "13:15-17:30"]},
    "holidays": [{"country": "US"}],
}
PAIRS: Final = 10_000
ROWS: Final = 1_000_000
HOUR: Final = timedelta(hours=1)
MINUTE_US: Final = 60_000_000
DAY_US: Final = 86_400_000_000


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(2024)
    timeline = ten_years(schedule_from_document(DOCUMENT))
    say("businesstime: best of several rounds; one core, unless other work shares it")
    scalars(timeline, rng)
    arrays(timeline, rng)
    many_timelines(rng)
    compiling()


def ten_years(schedule: Schedule) -> Timeline:
    """Compile 2020 to 2029."""
    return compile_schedule(schedule, start=date(2020, 1, 1), end=date(2030, 1, 1))


def best_s(work: Callable[[], object], rounds: int) -> float:
    """Answer the shortest time of some rounds, after one that does not count, in seconds."""
    work()
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def each_s(ask: Callable[..., object], columns: Iterable[list[Any]], rounds: int = 40) -> float:
    """Answer the shortest time of a question over rows of arguments, a row, in seconds."""
    rows = list(zip(*columns, strict=True))

    def work() -> None:
        for row in rows:
            ask(*row)

    return best_s(work, rounds) / len(rows)


def drawn(rng: np.random.Generator, rows: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Draw starts in 2024-2026, ends up to 90 days later, and durations of up to 40 hours, in µs."""
    first, last = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (2024, 2027))
    start = rng.integers(first, last, rows)
    return (
        start,
        start + rng.integers(MINUTE_US, 90 * DAY_US, rows),
        rng.integers(MINUTE_US, 40 * 60 * MINUTE_US, rows),
    )


def scalars(timeline: Timeline, rng: np.random.Generator) -> None:
    """Measure one question at a time: ours, then each peer's, with the ratio."""
    start_us, end_us, durations = (column.tolist() for column in drawn(rng, PAIRS))
    start, end = [from_us(each) for each in start_us], [from_us(each) for each in end_us]
    say("one at a time, aware UTC datetimes in and out, elapsed in µs")
    elapsed = report("elapsed", each_s(timeline.elapsed, (start, end)), goal=1.8e6)
    deltas = [timedelta(microseconds=each) for each in durations]
    deadline = report("deadline by timedelta", each_s(timeline.deadline, (start, deltas)), goal=1.5e6)
    report("deadline by µs", each_s(timeline.deadline, (start, durations)), goal=1.5e6)
    is_open = report("is_open", each_s(timeline.is_open, (start,)), goal=4e6)
    spans(timeline, start)
    say("one at a time, integers of µs")
    report("elapsed_us", each_s(timeline.elapsed_us, (start_us, end_us)))
    report("deadline_us", each_s(timeline.deadline_us, (start_us, durations)))
    report("is_open_us", each_s(timeline.is_open_us, (start_us,)))
    say("peers, on as many of the same pairs as a second or so allows")
    years = date(2020, 1, 1).toordinal(), date(2030, 12, 31).toordinal()
    ordinals = holiday_names((RegionHolidays(country="US"),), *years)
    for name, peer in load_peers([date.fromordinal(each) for each in sorted(ordinals)]).items():
        starts, ends = (floored(each, peer.instant_unit) for each in (start, end))
        asked = [max(each - each % peer.duration_unit, peer.duration_unit) for each in deltas]
        if peer.elapsed:
            compare(name, "elapsed", peer.elapsed, timeline.elapsed, (starts, ends), elapsed)
        if peer.deadline:
            compare(name, "deadline", peer.deadline, timeline.deadline, (starts, asked), deadline)
        if peer.is_open:
            compare(name, "is_open", peer.is_open, timeline.is_open, (starts,), is_open)


def floored(instants: list[datetime], unit: timedelta) -> list[datetime]:
    """Bring instants down to whole units since 1970."""
    return [each - (each - EPOCH) % unit for each in instants]


def spans(timeline: Timeline, start: list[datetime]) -> None:
    """Measure ten years against an hour in turns, so that what else goes on bears on both alike.

    Ten years are 522 weeks and an hour: the same hour of the same weekday, so that only the span differs. An
    hour lies within one day mostly; a week and an hour have an end on another day, as ten years have.
    """
    rows = {
        name: [(each, each + timedelta(weeks=weeks) + HOUR) for each in start]
        for name, weeks in (("1 hour", 0), ("1 week", 1), ("10 years", 522))
    }
    ask, best = timeline.elapsed, dict.fromkeys(rows, float("inf"))
    for _ in range(100):
        for name, pairs in rows.items():
            started = time.process_time()
            for first, last in pairs:
                ask(first, last)
            best[name] = min(best[name], time.process_time() - started)
    for name, took_s in best.items():
        report(f"elapsed over {name}", took_s / len(start))
    ratios = [best["10 years"] / best[name] for name in ("1 hour", "1 week")]
    say(
        "  10 years take {:.2f} times as long as 1 hour, {:.2f} as 1 week (goal: 1, within noise)".format(
            *ratios
        )
    )


def compare(
    name: str,
    question: str,
    theirs: Callable[..., object],
    ours: Callable[..., object],
    columns: tuple[list[Any], ...],
    our_s: float,
) -> None:
    """Time a peer, print the ratio, and how many of its answers are ours."""
    rows, differ, started = 0, 0, time.perf_counter()
    for row in zip(*columns, strict=True):
        differ += apart_s(theirs(*row), ours(*row)) >= 1
        rows += 1
        if time.perf_counter() - started > 1:
            break
    few = tuple(column[: max(rows // 2, 1)] for column in columns)
    their_s = each_s(theirs, few, rounds=2)
    say(
        f"  {name:18} {question:9} {1 / their_s / 1e6:10.4f} M/s; ours: {their_s / our_s:8.1f} times as fast;"
        f" {differ} of {rows} answers differ by a second or more"
    )


def apart_s(theirs: Any, ours: Any) -> float:
    """Say how far two answers are apart, in seconds: elapsed µs, or datetimes; 1 for a wrong yes or no."""
    if isinstance(ours, bool):
        return float(theirs is not ours)
    if isinstance(ours, datetime):
        return float(abs((theirs - ours).total_seconds()))
    return float(abs(theirs - ours)) / 1e6


def arrays(timeline: Timeline, rng: np.random.Generator) -> None:
    """Measure a million at once, beside binary search and the bare reading and writing of memory."""
    start, end, durations = drawn(rng, ROWS)
    ask = timeline.arrays
    say("arrays of 1,000,000, int64 µs")
    elapsed_s = best_s(lambda: ask.elapsed(start, end), 9)
    report("elapsed", elapsed_s / ROWS, goal=27e6)
    report("deadline", best_s(lambda: ask.deadline(start, durations), 9) / ROWS, goal=25e6)
    report("is_open", best_s(lambda: ask.is_open(start), 9) / ROWS, goal=80e6)
    stamps = start.view("datetime64[us]"), end.view("datetime64[us]")
    report("elapsed, datetime64", best_s(lambda: ask.elapsed(*stamps), 9) / ROWS)
    coverage, before = timeline.horizon.spanning(int(start.min()), int(end.max()))

    def searched(at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        place = np.searchsorted(coverage.closes_us, at, side="right")
        opens = coverage.opens_us[place]
        return before[place] + np.clip(at - opens, 0, coverage.closes_us[place] - opens)

    search_s = best_s(lambda: searched(end) - searched(start), 3)
    out = np.empty_like(start)
    copy_s = best_s(lambda: np.add(start, end, out=out), 9)
    say(f"  numpy.searchsorted: {ROWS / search_s / 1e6:.1f} M/s; ours: {search_s / elapsed_s:.1f} times that")
    say(f"  reading two columns and writing one, nothing else: {ROWS / copy_s / 1e6:.0f} M/s,")
    say(f"  so elapsed is {elapsed_s / copy_s:.0f} times as far as the memory's bandwidth")


def many_timelines(rng: np.random.Generator) -> None:
    """Measure a million rows, each on one of 1,000 Timelines."""
    zones = ("America/New_York", "Europe/London", "Asia/Tokyo", "America/Sao_Paulo", "Australia/Sydney")
    timelines = [
        ten_years(
            schedule_from_document(
                {
                    **DOCUMENT,
                    "zone": zones[index % len(zones)],
                    "hours": {
                        "mon-fri": [
                            f"{6 + index % 5:02}:{index % 12 * 5:02}-12:30",
                            f"13:15-{16 + index % 4}:30",
                        ]
                    },
                }
            )
        )
        for index in range(1_000)
    ]
    start, end, durations = drawn(rng, ROWS)
    which = rng.integers(0, len(timelines), ROWS)
    say("a million rows on 1,000 timelines, int64 µs, bringing together included")
    report("elapsed", best_s(lambda: TimelineRows(timelines, which).elapsed(start, end), 3) / ROWS, goal=6e6)
    report(
        "deadline",
        best_s(lambda: TimelineRows(timelines, which).deadline(start, durations), 3) / ROWS,
        goal=6e6,
    )
    report("is_open", best_s(lambda: TimelineRows(timelines, which).is_open(start), 3) / ROWS, goal=6e6)


def compiling() -> None:
    """Measure compiling, composing and caching."""
    regions = [
        schedule_from_document({**DOCUMENT, "zone": zone, "holidays": [{"country": country}]})
        for zone, country in (("America/New_York", "US"), ("Europe/London", "GB"), ("Asia/Tokyo", "JP"))
    ]
    timeline = ten_years(regions[0])
    blob = timeline.to_bytes()
    say("ten years, warm")
    micros("compile", best_s(lambda: ten_years(regions[0]), 50), 1_000)
    micros(
        "compile the union of three regions",
        best_s(lambda: ten_years(union(*regions)), 50),
        1_000,
    )
    parts = [ten_years(each) for each in regions]
    micros("union of three compiled timelines", best_s(lambda: parts[0] | parts[1] | parts[2], 50), 1_000)
    micros("load from its bytes", best_s(lambda: Timeline.from_bytes(blob), 200), 100)
    micros("write its bytes", best_s(timeline.to_bytes, 20))
    say(f"  cached form: {len(blob)} bytes (goal: under 4,000)")


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(name: str, row_s: float, *, goal: float | None = None) -> float:
    """Print a rate, and its ratio to the goal."""
    beside = f"   {1 / row_s / goal:5.2f} of the goal of {goal / 1e6:g} M/s" if goal else ""
    say(f"  {name:24} {1 / row_s / 1e6:8.2f} M/s{beside}")
    return row_s


def micros(name: str, took_s: float, goal_us: int | None = None) -> None:
    """Print a time, and the goal."""
    say(f"  {name:36} {took_s * 1e6:8.0f} µs" + (f"   (goal: under {goal_us:,} µs)" if goal_us else ""))


if __name__ == "__main__":
    main()
