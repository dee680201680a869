"""Applying Calendars and ICS sources from files: all or none, in one request; or planning to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from businesstime import format_duration
from cli.dated_documents import as_in_file, dated_documents
from cli.errors import in_options
from cli.graphql import ERRORS, GatewayClient, GatewayRefusalError
from cli.ics_text import source_input
from cli.manifest import Kind, Manifest
from cli.plan_lines import PLAN, counted, plan_lines, second

__all__ = ["AppliedFile", "AppliedFiles", "CalendarTerms", "apply_files"]

MAX_DAYS = 10
"""How many dates of a difference are listed; of the others there is a count."""

_APPLY = f"""
mutation Apply($input: ApplyCalendarsInput!, $money: Boolean!) {{
  applyCalendars(input: $input) {{
    sources {{ key action edition difference {{ added removed }} }}
    calendars {{
      key action version advice {{ message }}
      difference {{ start end gainedUs lostUs days {{ date before after }} }}
    }}
    {PLAN}
    {ERRORS}
  }}
}}
"""
_DONE = {"CREATE": "created", "AMEND": "amended", "NONE": "unchanged"}
_OPTIONS = {"reason": "--reason", "effective_from": "--effective-from", "planToken": "--plan-token"}
_PLACE = re.compile(r"(calendars|sources)\[(\d+)\]\.?")


@dataclass(frozen=True, kw_only=True)
class CalendarTerms:
    """From when on and why Calendars are amended.

    restate: put the past right, from `effective_from` on; needs a reason. effective_from: None: from now on.
    plan_token: of a plan that is to be applied exactly.
    """

    restate: bool = False
    effective_from: datetime | None = None
    reason: str | None = None
    plan_token: str | None = None

    def variables(self) -> dict[str, Any]:
        """Give them as fields of a mutation's input."""
        return {
            "mode": "RESTATE" if self.restate else "FORWARD",
            "effectiveFrom": self.effective_from and self.effective_from.isoformat(),
            "reason": self.reason,
            "planToken": self.plan_token,
        }


@dataclass(frozen=True, kw_only=True)
class AppliedFile:
    """What was, or would be, done to one: created, amended or unchanged.

    details: lines for people. advice: what in the file has no effect, with the file.
    """

    kind: Kind
    key: str
    done: str
    version: int
    details: tuple[str, ...]
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AppliedFiles:
    """A line for each; of a plan also what becomes of Cycles and money."""

    files: list[AppliedFile]
    effect: tuple[str, ...]


async def apply_files(
    client: GatewayClient, manifests: Sequence[Manifest], *, plan: bool, terms: CalendarTerms
) -> AppliedFiles:
    """Apply all or none, or plan to. Raises ManifestError; and GatewayRefusalError, with the file."""
    by_list = {
        "sources": [one for one in manifests if one.kind is Kind.ICS_SOURCE],
        "calendars": [one for one in manifests if one.kind is Kind.CALENDAR],
    }
    asked = terms.variables() | {
        "sources": [source_input(one) for one in by_list["sources"]],
        "calendars": [_calendar_input(one) for one in by_list["calendars"]],
        "plan": plan,
    }
    try:
        payload = await client.change(_APPLY, {"input": asked, "money": "billing" in client.scopes})
    except GatewayRefusalError as error:
        raise _named(by_list, error) from error
    sources = {one.key: one.source for one in by_list["calendars"]}
    return AppliedFiles(
        files=[
            *(_file(Kind.ICS_SOURCE, line, line["edition"], _entries) for line in payload["sources"]),
            *(_calendar(line, sources) for line in payload["calendars"]),
        ],
        effect=tuple(plan_lines(payload["plan"])) if payload["plan"] else (),
    )


def _calendar_input(manifest: Manifest) -> dict[str, Any]:
    first, *later = dated_documents(manifest)
    amendments = [
        {"effectiveFrom": each.effective_from and each.effective_from.isoformat(), "document": each.document}
        for each in later
    ]
    return {
        "key": manifest.key,
        "name": manifest.name,
        "document": first.document,
        "amendments": amendments,
    }


def _file(kind: Kind, line: Mapping[str, Any], version: int, details: Any) -> AppliedFile:
    difference = line["difference"]
    return AppliedFile(
        kind=kind,
        key=line["key"],
        done=_DONE[line["action"]],
        version=version,
        details=tuple(details(difference)) if difference else (),
    )


def _calendar(line: Mapping[str, Any], sources: Mapping[str, str]) -> AppliedFile:
    """Say what was done to a Calendar; one that has no file was amended with what it is made of."""
    source = sources.get(line["key"], f"calendar {line['key']}")
    advice = tuple(f"{source}: {as_in_file(each['message'])}" for each in line["advice"])
    return replace(_file(Kind.CALENDAR, line, line["version"], _days), advice=advice)


def _entries(difference: Mapping[str, Any]) -> Iterator[str]:
    """Say how many holidays a source gains and loses, and which, up to a limit."""
    signed = [("+", one) for one in difference["added"]] + [("-", one) for one in difference["removed"]]
    for sign, one in signed[:MAX_DAYS]:
        yield f"{sign} {one.get('date') or one['rule']} {one['name']}"
    if len(signed) > MAX_DAYS:
        yield f"… and {len(signed) - MAX_DAYS} more"


def _days(difference: Mapping[str, Any]) -> Iterator[str]:
    """Say what the year after an amendment gains and loses, in hours and by date."""
    days = difference["days"]
    if not days:
        yield "the same hours as before, for a year"
        return
    gained, lost = (format_duration(difference[name]) for name in ("gainedUs", "lostUs"))
    differ = f"{counted(len(days), 'day')} differ{'s' * (len(days) == 1)}"
    yield f"{differ} in the year from {second(difference['start'])}: {gained} gained, {lost} lost"
    for day in days[:MAX_DAYS]:
        yield f"{day['date']}: {_windows(day['before'])} becomes {_windows(day['after'])}"
    if len(days) > MAX_DAYS:
        yield f"… and {len(days) - MAX_DAYS} more, until {days[-1]['date']}"


def _windows(windows: Sequence[str]) -> str:
    return " ".join(windows) or "closed"


def _named(by_list: Mapping[str, Sequence[Manifest]], error: GatewayRefusalError) -> GatewayRefusalError:
    """Say which file is at fault, where the refusal says its place in the request, or which option."""
    found, source = _PLACE.match(error.field or ""), ""
    said, field = str(error), error.field or ""
    if found is not None:
        source = f"{by_list[found[1]][int(found[2])].source}: "
        said, field = (as_in_file(text.removeprefix(found[0])) for text in (said, field))
    option = _OPTIONS.get(said.partition(": ")[0])
    if option is not None:
        source, said, field = "", in_options(said, _OPTIONS), option
    return GatewayRefusalError(f"{source}{said}", code=error.code, kind=error.kind, field=field or None)
