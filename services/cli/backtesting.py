"""Backtests: a policy over recorded events, by the same domain code as the service, without any server."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from businesstime import Timeline, compile_schedule, schedule_from_document
from cli.document_files import DocumentError, read_document, refusal
from cli.errors import CliError
from cli.events import BadRow, EventRow, ExportError, read_event_lines
from cli.servicenow import read_servicenow
from cli.sorting import in_order
from clocks.domain.cycle import Cycle, empty_state
from clocks.domain.default_calendar import DefaultCalendar, with_default
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.policy import Policy, PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.reading import Reading, read_cycle

__all__ = [
    "Log",
    "TriedCycle",
    "compile_calendars",
    "default_zone",
    "is_json_lines",
    "read_calendars",
    "read_policy",
    "try_policy",
]

POLICY_KEY = "backtest"
DEFAULT_KEY = "default"
MAX_REPORTED = 20
JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class Log:
    """A file of events by Subject, which is read anew by each iteration; it is never held as a whole.

    zone: of an export's wall times; None: JSON lines, which need none. attributes: those that matter.
    """

    def __init__(self, path: Path, *, zone: str | None, attributes: Collection[str] | None) -> None:
        self._path, self._zone, self._attributes = path, zone, attributes
        self.bad_rows = 0
        """How many rows gave no event, so far."""
        self._last_us: int | None = None
        self._first_bad: list[BadRow] = []

    @property
    def last_us(self) -> int:
        """The latest instant of any event, once the first Subject is there. Raises ExportError before."""
        if self._last_us is None:
            raise ExportError("the file holds no events")
        return self._last_us

    def subjects(self) -> Iterator[list[Event]]:
        """Iterate over the events of one Subject after the other, in order of their ids.

        Of an event that stands in the file twice, one is kept; the same id with other content is a bad row.
        Raises ExportError, also when there are no events at all.
        """
        if self._zone is None:
            by_id = in_order(self._good(read_event_lines(self._path)), attrgetter("event_id"))
            rows: Iterable[EventRow] = chain.from_iterable(map(self._distinct, by_id))
        else:  # ids of an export hold their Subject's: an event can be there twice in one Subject only
            rows = self._good(read_servicenow(self._path, zone=self._zone, columns=self._attributes))
        for group in in_order(rows, attrgetter("subject_id")):
            yield [row.event for row in self._distinct(group)]
        if self._last_us is None:
            raise ExportError("the file holds no events")

    def first_bad_rows(self) -> Sequence[BadRow]:
        """List the first rows that gave no event, of those found so far; 20 at most."""
        return sorted(self._first_bad)[:MAX_REPORTED]

    def _good(self, rows: Iterable[EventRow | BadRow]) -> Iterator[EventRow]:
        for row in rows:
            if isinstance(row, BadRow):
                self._leave_out(row)
                continue
            occurred_at_us = row.event.occurred_at_us
            if self._last_us is None or occurred_at_us > self._last_us:
                self._last_us = occurred_at_us
            yield row

    def _distinct(self, rows: Iterable[EventRow]) -> Iterator[EventRow]:
        """Pass on what is not there twice, of rows among which are all with the same id."""
        kept: dict[str, Event] = {}
        for row in rows:
            known = kept.setdefault(row.event.event_id, row.event)
            if known is row.event:
                yield row
            elif known != row.event:
                reason = f"event {known.event_id} was there before with other content"
                self._leave_out(BadRow(row.line, reason))

    def _leave_out(self, row: BadRow) -> None:
        self.bad_rows += 1
        self._first_bad.append(row)
        if len(self._first_bad) > 2 * MAX_REPORTED:
            self._first_bad = sorted(self._first_bad)[:MAX_REPORTED]


class TriedCycle(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle that the policy would have had, as read at the end of the backtest."""

    subject_id: str
    metric: str
    cycle: Cycle
    reading: Reading


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises DocumentError, which names the file and the path in it.

    One that leaves the default Calendar to the tenant is given one, of the key `default`.
    """
    try:
        policy = parse_policy(read_document(path))
    except CliError:
        raise
    except Exception as error:
        raise refusal(path, error) from error
    version = PolicyVersion(policy_key=POLICY_KEY, version=1, policy=policy)
    return with_default(version, DefaultCalendar(version=1, calendar_key=DEFAULT_KEY)).policy


def default_key(policy: Policy) -> str:
    """Name the policy's default Calendar."""
    return policy.calendars.default or DEFAULT_KEY


def read_calendars(given: Sequence[str], policy: Policy) -> dict[str, Mapping[str, Any]]:
    """Read the calendar files: `KEY=FILE`, or `FILE` for the policy's default; by key.

    Raises DocumentError for a file that cannot be read and for a Calendar of the policy that is not given.
    """
    documents: dict[str, Mapping[str, Any]] = {}
    for argument in given:
        key, separator, name = argument.partition("=")
        if not separator or Path(argument).exists():
            key, name = default_key(policy), argument
        documents[key] = read_document(Path(name))
    missing = sorted(policy.calendar_keys - documents.keys())
    if missing:
        raise DocumentError(
            f"the policy counts on the Calendar {missing[0]!r}: give --calendar {missing[0]}=FILE",
            code="calendar_unknown",
            field="calendars",
        )
    return documents


def compile_calendars(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Timeline]:
    """Compile schedule documents. Raises DocumentError, which names the Calendar."""
    timelines = {}
    for key, document in documents.items():
        try:
            timelines[key] = compile_schedule(schedule_from_document(document))
        except Exception as error:
            raise refusal(f"calendar {key}", error) from error
    return timelines


def default_zone(documents: Mapping[str, Mapping[str, Any]], policy: Policy) -> str:
    """Find the zone of the policy's default Calendar. Raises DocumentError when it has none itself."""
    zone = documents[default_key(policy)].get("zone")
    if not isinstance(zone, str):
        raise DocumentError("the calendar has no zone of its own: give --timezone", field="timezone")
    return zone


def is_json_lines(path: Path) -> bool:
    """Tell by its name whether a file holds JSON lines; any other is read as a ServiceNow export."""
    return path.name.endswith(JSON_LINES)


def try_policy(
    policy: Policy, timelines: Mapping[str, Timeline], log: Log, *, as_of_us: int | None
) -> Iterator[TriedCycle]:
    """Fold each Subject's events up to an instant, and read its Cycles at it; None: at the last event's."""
    policies = {POLICY_KEY: (PolicyVersion(policy_key=POLICY_KEY, version=1, policy=policy),)}
    for events in log.subjects():
        at_us = log.last_us if as_of_us is None else as_of_us
        known = [event for event in events if event.occurred_at_us <= at_us]
        for clock in fold(empty_state(events[0].subject_id), known, policies).clocks:
            for cycle in clock.cycles:
                yield TriedCycle(
                    subject_id=events[0].subject_id,
                    metric=clock.metric,
                    cycle=cycle,
                    reading=read_cycle(cycle, at_us, timelines),
                )
