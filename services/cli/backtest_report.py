"""What a backtest prints: one JSON object a Cycle, or tables of attainment and of what was breached."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from rich.console import Console
from rich.table import Table

from businesstime import from_us
from cli.backtesting import TriedCycle
from cli.results import percentage
from clocks.domain.backtest import counts_as
from clocks.domain.cycle import Outcome, Phase

__all__ = ["print_tables", "report_lines"]

MAX_BREACHED = 20

Tally = Counter[tuple[str, str, str]]
"""How many Cycles there are by Metric, Target and what became of them."""


class CycleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `--format json`; instants are RFC 3339 in UTC, null where there is none."""

    subject: str
    metric: str
    cycle: int
    target: str
    phase: Phase
    outcome: Outcome
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    elapsed_us: int


def report_lines(cycles: Iterable[TriedCycle]) -> Iterator[bytes]:
    """Write each Cycle as a line of JSON, without its end."""
    encode = msgspec.json.Encoder().encode
    for tried in cycles:
        reading = tried.reading
        yield encode(
            CycleLine(
                subject=tried.subject_id,
                metric=tried.metric,
                cycle=tried.cycle.number,
                target=reading.target,
                phase=reading.phase,
                outcome=reading.outcome,
                started_at=from_us(tried.cycle.started_at_us),
                due_at=instant(reading.due_at_us),
                breached_at=instant(reading.breached_at_us),
                stopped_at=instant(reading.stopped_at_us),
                elapsed_us=reading.elapsed_us,
            )
        )


def instant(instant_us: int | None) -> datetime | None:
    """Turn microseconds into a UTC instant, if there is one."""
    return None if instant_us is None else from_us(instant_us)


def print_tables(cycles: Iterable[TriedCycle], console: Console) -> None:
    """Print attainment by Metric and Target, then the Cycles that were breached, longest over due first."""
    counts = Tally()
    longest = heapq.nsmallest(MAX_BREACHED, breached_among(cycles, counts), key=over_due_order)
    console.print(attainment_table(counts))
    if not longest:
        console.print("No Cycle was breached.")
        return
    console.print(breached_table(longest))
    more = sum(count for (_, _, name), count in counts.items() if name == "BREACHED") - len(longest)
    if more:
        console.print(f"{more:,} more were breached; --format json lists every Cycle.")


def breached_among(cycles: Iterable[TriedCycle], counts: Tally) -> Iterator[TriedCycle]:
    """Count all Cycles as they pass, and pass on those that were breached."""
    for tried in cycles:
        counts[tried.metric, tried.reading.target, counts_as(tried.reading.phase, tried.reading.outcome)] += 1
        if tried.reading.outcome == "BREACHED":
            yield tried


def over_due_order(tried: TriedCycle) -> tuple[int, str]:
    """Put Cycles in order, the longest over due first."""
    return tried.reading.remaining_us, tried.subject_id


def attainment_table(counts: Tally) -> Table:
    """Show outcomes by Metric and Target; attainment is met of met and breached, as in the service."""
    table = Table(title="Attainment")
    for name in ("Metric", "Target"):
        table.add_column(name)
    for name in ("Met", "Breached", "Pending", "Cancelled", "Attainment"):
        table.add_column(name, justify="right")
    for metric, target in sorted({(metric, target) for metric, target, _ in counts}):
        numbers = [counts[metric, target, name] for name in ("MET", "BREACHED", "PENDING", "CANCELLED")]
        met, breached, *_ = numbers
        shown = (f"{number:,}" for number in numbers)
        table.add_row(metric, target, *shown, percentage(met, met + breached))
    return table


def breached_table(breached: Iterable[TriedCycle]) -> Table:
    """List breached Cycles."""
    table = Table(title="Breached, longest over due first")
    for name in ("Subject", "Target", "Due (UTC)", "Stopped (UTC)"):
        table.add_column(name, no_wrap=True)
    table.add_column("Over by", justify="right", no_wrap=True)
    for tried in breached:
        reading = tried.reading
        due, stopped = (minute(instant_us) for instant_us in (reading.due_at_us, reading.stopped_at_us))
        again = "" if tried.cycle.number == 1 else f" ({tried.cycle.number})"
        name = f"{tried.metric}{again} {reading.target}"
        table.add_row(
            tried.subject_id, name, due, stopped or reading.phase.lower(), span(-reading.remaining_us)
        )
    return table


def minute(instant_us: int | None) -> str:
    """Show an instant in UTC, its seconds cut off."""
    return "" if instant_us is None else f"{from_us(instant_us):%Y-%m-%d %H:%M}"


def span(duration_us: int) -> str:
    """Show business time in hours and minutes."""
    minutes = duration_us // 60_000_000
    return f"{minutes // 60:,}h{minutes % 60:02d}m"
