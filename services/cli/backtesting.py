"""Backtests: a policy over recorded events, by the same domain code as the service, without any server."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from businesstime import Timeline, compile_schedule, schedule_from_document
from cli.errors import CliError
from cli.events import BadRow, ExportError, read_event_lines
from cli.manifest import bare_document
from cli.servicenow import read_servicenow
from clocks.domain.cycle import Cycle, empty_state
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.policy import Policy, PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.reading import Reading, read_cycle

__all__ = [
    "DocumentError",
    "Log",
    "TriedCycle",
    "compile_calendars",
    "default_zone",
    "is_json_lines",
    "read_calendars",
    "read_log",
    "read_policy",
    "try_policy",
]

POLICY_KEY = "backtest"
JSON_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class DocumentError(CliError):
    """A policy or calendar file that cannot be used; the code is that of the rule it breaks."""

    def __init__(self, message: str, *, code: str = "document_invalid", field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code


class Log(NamedTuple):
    """A file of events by Subject, and the rows of it that gave none."""

    events_of: Mapping[str, Sequence[Event]]
    bad_rows: Sequence[BadRow]

    @property
    def last_us(self) -> int:
        """The latest instant of any event. Raises ExportError when there is none."""
        if not self.events_of:
            raise ExportError("the file holds no events")
        return max(event.occurred_at_us for events in self.events_of.values() for event in events)


class TriedCycle(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle that the policy would have had, as read at the end of the backtest."""

    subject_id: str
    metric: str
    cycle: Cycle
    reading: Reading


def read_policy(path: Path) -> Policy:
    """Read a policy file. Raises DocumentError, which names the file and the path in it."""
    try:
        return parse_policy(read_document(path))
    except CliError:
        raise
    except Exception as error:
        raise refusal(path, error) from error


def read_calendars(given: Sequence[str], policy: Policy) -> dict[str, Mapping[str, Any]]:
    """Read the calendar files: `KEY=FILE`, or `FILE` for the policy's default; by key.

    Raises DocumentError for a file that cannot be read and for a Calendar of the policy that is not given.
    """
    documents: dict[str, Mapping[str, Any]] = {}
    for argument in given:
        key, separator, name = argument.partition("=")
        if not separator or Path(argument).exists():
            key, name = policy.calendars.default, argument
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
    zone = documents[policy.calendars.default].get("zone")
    if not isinstance(zone, str):
        raise DocumentError("the calendar has no zone of its own: give --timezone", field="timezone")
    return zone


def read_document(path: Path) -> Mapping[str, Any]:
    """Read a YAML or JSON file that holds a mapping. Raises DocumentError."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DocumentError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise DocumentError(f"{path}: a mapping is needed at the top")
    return bare_document(document)


def refusal(source: object, error: Exception) -> Exception:
    """Name the file in a refusal that has a code; any other error is one of ours, and stays as it is."""
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        return error
    return DocumentError(f"{source}: {error}", code=code, field=getattr(error, "field", None))


def read_log(path: Path, *, zone: str | None, attributes: Collection[str] | None) -> Log:
    """Read a file of events: an export whose wall times are of a zone, or JSON lines, which need none.

    attributes: all that matter; None: any may. Of an event that stands in it twice, one is kept; the same id
    with other content is a bad row. Raises ExportError.
    """
    events: dict[str, Event] = {}
    bad_rows: list[BadRow] = []
    rows = read_event_lines(path) if zone is None else read_servicenow(path, zone=zone, columns=attributes)
    for row in rows:
        if isinstance(row, BadRow):
            bad_rows.append(row)
            continue
        kept = events.setdefault(row.event.event_id, row.event)
        if kept is not row.event and kept != row.event:
            bad_rows.append(BadRow(row.line, f"event {kept.event_id} was there before with other content"))
    return Log(by_subject(events.values()), bad_rows)


def is_json_lines(path: Path) -> bool:
    """Tell by its name whether a file holds JSON lines; any other is read as a ServiceNow export."""
    return path.name.endswith(JSON_LINES)


def by_subject(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Gather the events of each Subject, Subjects in order of their ids."""
    events_of: dict[str, list[Event]] = {}
    for event in events:
        events_of.setdefault(event.subject_id, []).append(event)
    return dict(sorted(events_of.items()))


def try_policy(
    policy: Policy, timelines: Mapping[str, Timeline], log: Log, *, as_of_us: int
) -> Iterator[TriedCycle]:
    """Fold each Subject's events up to an instant, and read its Cycles at that instant."""
    policies = {POLICY_KEY: (PolicyVersion(policy_key=POLICY_KEY, version=1, policy=policy),)}
    for subject_id, events in log.events_of.items():
        known = [event for event in events if event.occurred_at_us <= as_of_us]
        for clock in fold(empty_state(subject_id), known, policies).clocks:
            for cycle in clock.cycles:
                yield TriedCycle(
                    subject_id=subject_id,
                    metric=clock.metric,
                    cycle=cycle,
                    reading=read_cycle(cycle, as_of_us, timelines),
                )
