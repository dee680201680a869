"""What a plan of calendars would do to Cycles and to money, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from businesstime import format_duration
from money import Money, currency

__all__ = ["PLAN", "counted", "plan_lines", "second"]

MAX_MOVES = 5
"""How many of the largest moves are listed."""

PLAN = """plan {
  effectiveFrom affected token
  cycles {
    running ended moved earlier later breachesGained breachesLost
    moves { subjectId policyKey metric dueBefore dueAfter movedUs }
    money @include(if: $money) {
      moves { agreementKey period currency beforeMinor afterMinor } assessed leftOut
    }
  }
}"""
"""What is asked of a plan; `$money`: whether the credential may see amounts."""


def plan_lines(plan: Mapping[str, Any]) -> Iterator[str]:
    """Say it, the sums first; what is indented belongs to the line above."""
    affected, cycles = plan["affected"], plan["cycles"]
    if not affected:
        return
    yield f"hours that may change: {', '.join(affected)}; from {second(plan['effectiveFrom'])} on"
    yield (
        f"cycles: {cycles['running']:,} run on them; {cycles['moved']:,} due at another time"
        f" ({cycles['earlier']:,} earlier, {cycles['later']:,} later); breaches:"
        f" {cycles['breachesGained']:,} gained, {cycles['breachesLost']:,} lost"
        + (f"; {cycles['ended']:,} that ended are restated" if cycles["ended"] else "")
    )
    for move in cycles["moves"][:MAX_MOVES]:
        yield f"  {move['subjectId']} {move['policyKey']}.{move['metric']}: {_moved(move)}"
    yield from _money(cycles.get("money"))
    yield f"to apply exactly this: the same command with --plan-token {plan['token']} in place of --plan"


def counted(number: int, noun: str) -> str:
    """Say how many there are."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def second(instant: str) -> str:
    """Leave the fraction of a second away, in UTC: an instant that was not given is to the microsecond."""
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moved(move: Mapping[str, Any]) -> str:
    before, after, moved_us = (move[name] for name in ("dueBefore", "dueAfter", "movedUs"))
    by = "" if moved_us is None else f" ({'+' if moved_us > 0 else ''}{format_duration(moved_us)})"
    return f"due {before or 'never'} becomes {after or 'never'}{by}"


def _money(effect: Mapping[str, Any] | None) -> Iterator[str]:
    if effect is None:
        yield "money: not shown, the token has no scope billing"
        return
    more = f"; {effect['leftOut']:,} more not assessed" if effect["leftOut"] else ""
    moves = effect["moves"]
    cost = "costs" if len(moves) == 1 else "cost"
    yield f"money: {counted(len(moves), 'month')} of agreements {cost} another amount{more}"
    for move in moves:
        before, after = (
            Money(currency=currency(move["currency"]), minor=int(move[name]))
            for name in ("beforeMinor", "afterMinor")
        )
        yield f"  {move['agreementKey']} {move['period']}: {before} becomes {after}"
