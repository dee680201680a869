"""Applying Calendars from files: all or none, in one request; or planning to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from businesstime import format_duration
from cli.graphql import ERRORS, GatewayClient, GatewayRefusalError
from cli.manifest import Manifest

__all__ = ["AppliedLine", "CalendarTerms", "apply_calendars"]

MAX_DAYS = 10
"""How many dates of a difference are listed; of the others there is a count."""

_APPLY = f"""
mutation Apply($input: ApplyCalendarsInput!) {{
  applyCalendars(input: $input) {{
    calendars {{
      key action version
      difference {{ start end gainedUs lostUs days {{ date before after }} }}
    }}
    {ERRORS}
  }}
}}
"""
_DONE = {"CREATE": "created", "AMEND": "amended", "NONE": "unchanged"}
_PLACE = re.compile(r"calendars\[(\d+)\]\.?")


@dataclass(frozen=True, kw_only=True)
class CalendarTerms:
    """From when on and why Calendars are amended.

    restate: put the past right, from `effective_from` on; needs a reason. effective_from: None: from now on.
    """

    restate: bool = False
    effective_from: datetime | None = None
    reason: str | None = None

    def variables(self) -> dict[str, Any]:
        """Give them as fields of a mutation's input."""
        return {
            "mode": "RESTATE" if self.restate else "FORWARD",
            "effectiveFrom": self.effective_from and self.effective_from.isoformat(),
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class AppliedLine:
    """What was, or would be, done to one Calendar: created, amended or unchanged.

    changes_hours: whether it is amended to other hours than before. details: lines for people.
    """

    done: str
    version: int
    changes_hours: bool
    details: tuple[str, ...]


async def apply_calendars(
    client: GatewayClient, manifests: Sequence[Manifest], *, plan: bool, terms: CalendarTerms
) -> list[AppliedLine]:
    """Apply all or none, or plan to; a line for each, in order. Raises GatewayRefusalError, with the file."""
    files = [{"key": one.key, "name": one.name, "document": one.document} for one in manifests]
    asked = terms.variables() | {"calendars": files, "plan": plan}
    try:
        payload = await client.change(_APPLY, {"input": asked})
    except GatewayRefusalError as error:
        raise _named(manifests, error) from error
    return [
        AppliedLine(
            done=_DONE[line["action"]],
            version=line["version"],
            changes_hours=bool(line["difference"] and line["difference"]["days"]),
            details=tuple(_details(line["difference"])) if line["difference"] else (),
        )
        for line in payload["calendars"]
    ]


def _details(difference: Mapping[str, Any]) -> Iterator[str]:
    """Say what the year after an amendment gains and loses, in hours and by date."""
    days = difference["days"]
    if not days:
        yield "the same hours as before, for a year"
        return
    gained, lost = (format_duration(difference[name]) for name in ("gainedUs", "lostUs"))
    yield f"{len(days)} days differ in the year from {difference['start']}: {gained} gained, {lost} lost"
    for day in days[:MAX_DAYS]:
        yield f"{day['date']}: {_windows(day['before'])} becomes {_windows(day['after'])}"
    if len(days) > MAX_DAYS:
        yield f"… and {len(days) - MAX_DAYS} more, until {days[-1]['date']}"


def _windows(windows: Sequence[str]) -> str:
    return " ".join(windows) or "closed"


def _named(manifests: Sequence[Manifest], error: GatewayRefusalError) -> GatewayRefusalError:
    """Say which file is at fault, where the refusal says its place in the request."""
    found = _PLACE.match(error.field or "")
    if found is None or int(found[1]) >= len(manifests):
        return error
    source, said = manifests[int(found[1])].source, str(error).removeprefix(found[0])
    field = (error.field or "").removeprefix(found[0]) or None
    return GatewayRefusalError(f"{source}: {said}", code=error.code, kind=error.kind, field=field)
