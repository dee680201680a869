"""Receipts: all that a Cycle follows from, and what it came to, so that anyone can recompute it without us.

A receipt is JSON. Its hash is SHA-256 over its canonical form without `hash`: keys sorted, no space between,
UTF-8. Recomputing is the fold itself, so a receipt is good on every machine that has this code, or code that
gives the same answers; `fold_version` says which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from businesstime import TZDATA_VERSION, Timeline, compile_schedule, from_us, schedule_from_document, to_us
from clocks.domain.cycle import Cycle, Outcome, Phase, empty_state
from clocks.domain.default_calendar import DefaultCalendar, with_defaults
from clocks.domain.event import Event
from clocks.domain.explain import CalendarVersion, Reason, SegmentKind, explain_cycle, split_by_version
from clocks.domain.fold import fold
from clocks.domain.instant import instant, microseconds
from clocks.domain.policy import PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.reading import read_cycle
from clocks.domain.refusals import CycleUnknownError

__all__ = [
    "FOLD_VERSION",
    "FORMAT",
    "Inputs",
    "ReceiptCalendar",
    "ReceiptDefaultCalendar",
    "ReceiptEvent",
    "ReceiptPolicyVersion",
    "ReceiptResult",
    "ReceiptSegment",
    "compile_calendar",
    "digest",
    "event_of",
    "recompute",
    "result_of",
    "write_receipt",
]

FORMAT = "meantime.receipt/1"

FOLD_VERSION = 3
"""Counts the changes of the fold after which the same inputs may give another Cycle."""

_ENCODER = msgspec.json.Encoder(order="sorted")


class ReceiptEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact about the Subject, as it was recorded."""

    event_id: str
    type: str
    occurred_at: datetime
    sequence: int
    attributes: dict[str, Any]


class ReceiptPolicyVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of the Policy; effective_from null: always."""

    version: int
    effective_from: datetime | None
    document: dict[str, Any]


class ReceiptDefaultCalendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version of the tenant's default Calendar; effective_from null: always."""

    version: int
    effective_from: datetime | None
    calendar_key: str


class ReceiptCalendarVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when a version of a Calendar holds; null: always."""

    version: int
    effective_from: datetime | None


class ReceiptCalendar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Calendar on which the Cycle was counted.

    schedule: the document of all its versions spliced. content_key: hash of that and of the editions of zone
    and holiday data; another one means that the hours may be others.
    """

    key: str
    versions: tuple[ReceiptCalendarVersion, ...]
    schedule: dict[str, Any]
    content_key: str


class ReceiptSegment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece [start, end) of the Cycle; see `explain.Segment`."""

    kind: SegmentKind
    start: datetime
    end: datetime
    elapsed_us: int
    target: str
    calendar_key: str
    calendar_version: int
    reason: Reason | None
    name: str | None
    because: str
    event_id: str


class ReceiptResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the Cycle came to at `read_at`; the segments' `elapsed_us` sum to its own."""

    policy_version: int
    target: str
    target_us: int
    calendar_key: str
    calendar_rule: str
    phase: Phase
    outcome: Outcome
    started_at: datetime
    due_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None
    elapsed_us: int
    remaining_us: int
    segments: tuple[ReceiptSegment, ...]


class Inputs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes in: which Cycle, read when, and the facts and rules that had been recorded by `known_at`.

    default_calendars: of the tenant, where a version of the Policy names none itself.
    """

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    read_at: datetime
    known_at: datetime | None
    events: tuple[ReceiptEvent, ...]
    policy: tuple[ReceiptPolicyVersion, ...]
    calendars: tuple[ReceiptCalendar, ...]
    default_calendars: tuple[ReceiptDefaultCalendar, ...] = ()


def write_receipt(inputs: Inputs, result: ReceiptResult) -> tuple[bytes, str]:
    """Write a receipt as canonical JSON; answer it with its hash."""
    document = {
        "format": FORMAT,
        "fold_version": FOLD_VERSION,
        "tzdata_version": TZDATA_VERSION,
        "inputs": msgspec.to_builtins(inputs),
        "result": msgspec.to_builtins(result),
    }
    hashed = digest(document)
    return _ENCODER.encode({**document, "hash": hashed}), hashed


def digest(document: Mapping[str, Any]) -> str:
    """Hash a receipt: what it says of its own hash does not count."""
    said = {name: value for name, value in document.items() if name != "hash"}
    return hashlib.sha256(_ENCODER.encode(said)).hexdigest()


def recompute(inputs: Inputs) -> ReceiptResult:
    """Compute the result from the inputs alone.

    Raises CycleUnknownError where they lead to no such Cycle, and what ClocksError and BusinessTimeError say
    of documents and events that cannot be.
    """
    events = [event_of(inputs.subject_id, each) for each in inputs.events]
    state = fold(empty_state(inputs.subject_id), events, policies_of(inputs))
    found = [
        cycle
        for clock in state.clocks
        for cycle in clock.cycles
        if (clock.metric, cycle.number) == (inputs.metric, inputs.cycle)
    ]
    if not found:
        raise CycleUnknownError(
            f"cycle: the events lead to no cycle {inputs.cycle} of {inputs.metric}", field="cycle"
        )
    timelines = {each.key: compile_calendar(each) for each in inputs.calendars}
    return result_of(found[0], inputs, timelines)


def policies_of(inputs: Inputs) -> Mapping[str, Sequence[PolicyVersion]]:
    """Compile the versions of the Policy, with the tenant's default Calendars."""
    versions = [
        PolicyVersion(
            policy_key=inputs.policy_key,
            version=each.version,
            policy=parse_policy(each.document),
            effective_from_us=microseconds(each.effective_from),
        )
        for each in inputs.policy
    ]
    defaults = [
        DefaultCalendar(
            version=each.version,
            calendar_key=each.calendar_key,
            effective_from_us=microseconds(each.effective_from),
        )
        for each in inputs.default_calendars
    ]
    return with_defaults({inputs.policy_key: versions}, defaults)


def event_of(subject_id: str, event: ReceiptEvent) -> Event:
    """Read an event back."""
    return Event(
        event_id=event.event_id,
        subject_id=subject_id,
        type=event.type,
        occurred_at_us=to_us(event.occurred_at),
        sequence=event.sequence,
        attributes=event.attributes,
    )


def compile_calendar(calendar: ReceiptCalendar) -> Timeline:
    """Compile a Calendar with the data that is here."""
    return compile_schedule(schedule_from_document(calendar.schedule))


def result_of(cycle: Cycle, inputs: Inputs, timelines: Mapping[str, Timeline]) -> ReceiptResult:
    """Say what a Cycle comes to at the instant of the receipt."""
    at_us = to_us(inputs.read_at)
    reading = read_cycle(cycle, at_us, timelines)
    return ReceiptResult(
        policy_version=cycle.policy_version,
        target=reading.target,
        target_us=reading.target_us,
        calendar_key=reading.calendar_key,
        calendar_rule=reading.calendar_rule,
        phase=reading.phase,
        outcome=reading.outcome,
        started_at=from_us(cycle.started_at_us),
        due_at=instant(reading.due_at_us),
        breached_at=instant(reading.breached_at_us),
        stopped_at=instant(reading.stopped_at_us),
        elapsed_us=reading.elapsed_us,
        remaining_us=reading.remaining_us,
        segments=tuple(segments_of(cycle, at_us, timelines, inputs.calendars)),
    )


def segments_of(
    cycle: Cycle, at_us: int, timelines: Mapping[str, Timeline], calendars: Sequence[ReceiptCalendar]
) -> list[ReceiptSegment]:
    """Write the segments of a Cycle down."""
    versions = {
        calendar.key: [
            CalendarVersion(
                version=each.version,
                effective_from_us=microseconds(each.effective_from),
            )
            for each in calendar.versions
        ]
        for calendar in calendars
    }
    return [
        ReceiptSegment(
            kind=each.kind,
            start=from_us(each.start_us),
            end=from_us(each.end_us),
            elapsed_us=each.elapsed_us,
            target=each.target,
            calendar_key=each.calendar_key,
            calendar_version=each.calendar_version,
            reason=each.reason,
            name=each.name,
            because=each.cause.because,
            event_id=each.cause.event_id,
        )
        for each in split_by_version(explain_cycle(cycle, at_us, timelines), versions)
    ]
