"""What a planned amendment of a Calendar would do to Cycles, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from businesstime import format_duration
from cli.applying_calendars import CalendarTerms
from cli.graphql import GatewayClient, GatewayRefusalError
from cli.manifest import Manifest

__all__ = ["tell_cycles"]

MAX_MOVES = 5
"""How many of the largest moves are listed."""

_PLAN = """query Plan($input: AmendCalendarInput!) {
  calendarPlan(input: $input) {
    affected
    cycles {
      running ended moved earlier later breachesGained breachesLost
      moves { subjectId policyKey metric dueBefore dueAfter movedUs }
    }
  }
}"""


async def tell_cycles(
    client: GatewayClient, manifest: Manifest, *, version: int, terms: CalendarTerms
) -> list[str]:
    """Say which Cycles would be due at another time if this Calendar alone were amended to `version`."""
    asked = {"key": manifest.key, "expectedVersion": version - 1, "document": manifest.document}
    try:
        plan = (await client.ask(_PLAN, {"input": terms.variables() | asked}))["calendarPlan"]
    except GatewayRefusalError as error:
        # Planned alone it lacks what the other files would bring, such as a parent that is not there yet.
        return [f"cycles: cannot be told before the other files are applied ({error})"]
    return list(_lines(plan))


def _lines(plan: Mapping[str, Any]) -> Iterator[str]:
    cycles = plan["cycles"]
    others = f" and {len(plan['affected']) - 1} calendars made of it" if len(plan["affected"]) > 1 else ""
    yield (
        f"cycles: {cycles['running']:,} run on it{others}; {cycles['moved']:,} due at another time"
        f" ({cycles['earlier']:,} earlier, {cycles['later']:,} later); breaches:"
        f" {cycles['breachesGained']:,} gained, {cycles['breachesLost']:,} lost"
    )
    for move in cycles["moves"][:MAX_MOVES]:
        yield f"{move['subjectId']} {move['policyKey']}.{move['metric']}: {_moved(move)}"


def _moved(move: Mapping[str, Any]) -> str:
    before, after, moved_us = (move[name] for name in ("dueBefore", "dueAfter", "movedUs"))
    by = "" if moved_us is None else f" ({'+' if moved_us > 0 else ''}{format_duration(moved_us)})"
    return f"due {before or 'never'} becomes {after or 'never'}{by}"
