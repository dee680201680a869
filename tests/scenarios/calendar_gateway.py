"""Calendars through the gateway: made, amended and asked in the words of the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cli.graphql import GatewayClient
from tests.scenarios.calendar_rows import Deadline, Elapsed, State

__all__ = ["AMEND", "APPLY", "ERRORS", "HOUR_US", "amend", "answers", "create"]

HOUR_US = 3_600_000_000
ERRORS = "errors { code kind field message }"
APPLY = f"""mutation ($files: [CalendarFileInput!]!) {{
  applyCalendars(input: {{calendars: $files}}) {{ calendars {{ key action }} {ERRORS} }}
}}"""
AMEND = f"""mutation ($input: AmendCalendarInput!) {{
  amendCalendar(input: $input) {{
    calendar {{ version versions {{ version mode effectiveFrom holds holdsUntil }} }} {ERRORS}
  }}
}}"""
ASK = """query (
  $states: [CalendarStateQuestion!]!, $elapsed: [CalendarElapsedQuestion!]!
  $deadlines: [CalendarDeadlineQuestion!]!
) {
  calendarStates(questions: $states) { key isOpen reason name }
  calendarElapsed(questions: $elapsed) { elapsedUs }
  calendarDeadlines(questions: $deadlines) { deadline }
}"""


async def create(gateway: GatewayClient, calendars: Mapping[str, dict[str, Any]]) -> None:
    """Create Calendars, each named for its key, whatever order they stand in."""
    files = [{"key": key, "name": key, "document": document} for key, document in calendars.items()]
    done = await gateway.change(APPLY, {"files": files})
    assert [line["action"] for line in done["calendars"]] == ["CREATE"] * len(files)


async def answers(gateway: GatewayClient, wanted: Iterable[State | Elapsed | Deadline]) -> list[Any]:
    """Ask all that is wanted, in one request, and write the answers as the table does."""
    asked = list(wanted)
    states = [one for one in asked if isinstance(one, State)]
    elapsed = [one for one in asked if isinstance(one, Elapsed)]
    deadlines = [one for one in asked if isinstance(one, Deadline)]
    told = await gateway.ask(
        ASK,
        {
            "states": [{"key": one.key, "at": one.at} for one in states],
            "elapsed": [{"key": one.key, "start": one.start, "end": one.end} for one in elapsed],
            "deadlines": [
                {"key": one.key, "start": one.start, "duration": one.duration} for one in deadlines
            ],
        },
    )
    by_kind = {
        State: iter(
            State(one.key, one.at, is_open=it["isOpen"], why=it["name"] or it["reason"])
            for one, it in zip(states, told["calendarStates"], strict=True)
        ),
        Elapsed: iter(
            Elapsed(one.key, one.start, one.end, it["elapsedUs"] / HOUR_US)
            for one, it in zip(elapsed, told["calendarElapsed"], strict=True)
        ),
        Deadline: iter(
            Deadline(one.key, one.start, one.duration, it["deadline"])
            for one, it in zip(deadlines, told["calendarDeadlines"], strict=True)
        ),
    }
    return [next(by_kind[type(one)]) for one in asked]


async def amend(gateway: GatewayClient, key: str, document: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Add version 2 to a Calendar."""
    said = {"key": key, "expectedVersion": 1, "document": document} | more
    calendar: dict[str, Any] = (await gateway.change(AMEND, {"input": said}))["calendar"]
    return calendar
