"""Manual actions through the door: written as events, checked, and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from clocks.contract import (
    ActOnClock,
    Clocks,
    CycleRecord,
    EventRecord,
    IngestEvents,
    ListCycles,
    ReadSubject,
)
from clocks.service import ClocksService
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.stories import at, event
from tests.services.standing_time import StandingTime

NOON = "2026-03-02T12:00"  # what the standing time says


@pytest.fixture
async def ticket(door: Clocks, context: RequestContext, support: str) -> str:
    """Open a ticket at nine: it is due at 17:00."""
    del support
    opened = event("e1", "t1", "2026-03-02T09:00", state="new", priority="2")
    await door.ingest_events(context, IngestEvents(events=(opened,)))
    return "t1"


def action(kind: Any, **said: Any) -> ActOnClock:
    """Make an action on the ticket's resolution."""
    return ActOnClock(subject_id="t1", action=kind, reason="agreed by phone", **said)


async def cycle_of(door: Clocks, context: RequestContext, when: str = NOON) -> CycleRecord:
    """Read the ticket's only Cycle."""
    subject = await door.read_subject(context, ReadSubject(subject_id="t1", at=at(when)))
    assert subject.attributes == {"state": "new", "priority": "2"}
    (cycle,) = subject.cycles
    return cycle


async def code_of(door: Clocks, context: RequestContext, request: ActOnClock) -> tuple[str, str | None]:
    """Say how an action is refused."""
    with pytest.raises(Exception) as refused:  # noqa: PT011 - a Problem or the service's own, by the door
        await door.act_on_clock(context, request)
    problem = describe(refused.value)
    assert problem is not None
    return problem.code, problem.field


async def test_a_pause_holds_until_it_is_resumed(
    door: Clocks, context: RequestContext, ticket: str, clock: StandingTime
) -> None:
    """Whatever the conditions say in between; and no attribute has changed."""
    del ticket
    await door.act_on_clock(context, action("pause"))
    later = event("e2", "t1", "2026-03-02T12:30", state="new")
    await door.ingest_events(context, IngestEvents(events=(later,)))
    clock.move(timedelta(hours=1))
    assert (await cycle_of(door, context, "2026-03-02T13:00")).phase == "PAUSED"
    await door.act_on_clock(context, action("resume", policy_key="support", metric="resolution"))
    cycle = await cycle_of(door, context, "2026-03-02T13:00")
    assert (cycle.phase, cycle.due_at) == ("RUNNING", at("2026-03-03T10:00"))


async def test_what_is_revoked_never_was(door: Clocks, context: RequestContext, ticket: str) -> None:
    """A stop is taken back by the id of its event, and that again; each time the Cycle is folded anew."""
    del ticket
    before = await cycle_of(door, context)
    stop = await door.act_on_clock(context, action("stop", occurred_at=at("2026-03-02T11:00")))
    assert (await cycle_of(door, context)).outcome == "MET"
    revoke = await door.act_on_clock(context, action("revoke", revokes=stop.event_id))
    running = await cycle_of(door, context)
    assert msgspec.structs.replace(running, revision=before.revision) == before
    again = action("revoke", revokes=revoke.event_id, occurred_at=at("2026-03-02T12:01"))
    await door.act_on_clock(context, again)
    assert (await cycle_of(door, context)).stopped_at == at("2026-03-02T11:00")


async def test_an_action_is_taken_back_at_its_own_instant(
    door: Clocks, context: RequestContext, ticket: str
) -> None:
    """Whatever the ids: what takes back comes after what it takes back."""
    del ticket
    await door.act_on_clock(context, action("pause", event_id="z"))
    await door.act_on_clock(context, action("revoke", event_id="a", revokes="z"))
    assert (await cycle_of(door, context)).phase == "RUNNING"


async def test_an_exclusion_moves_due(door: Clocks, context: RequestContext, ticket: str) -> None:
    """Time that lies before the action, or after it."""
    del ticket
    for start, end in (("2026-03-02T10:00", "2026-03-02T11:00"), ("2026-03-02T14:00", "2026-03-02T14:30")):
        await door.act_on_clock(context, action("exclude", start=at(start), end=at(end)))
    cycle = await cycle_of(door, context)
    assert (cycle.elapsed_us, cycle.due_at) == (2 * 3_600_000_000, at("2026-03-03T10:30"))
    assert cycle.excluded_until is None
    excluded = await cycle_of(door, context, "2026-03-02T14:10")
    assert (excluded.phase, excluded.excluded_until) == ("PAUSED", at("2026-03-02T14:30"))


async def test_what_is_listed_as_running_and_reads_paused_says_until_when(
    door: Clocks, context: RequestContext, ticket: str
) -> None:
    """The board filters by the log; the Reading on its page names the end of exclusions that touch."""
    del ticket
    for start, end in (("11:00", "12:30"), ("12:30", "13:00"), ("14:00", "15:00")):
        span = {"start": at(f"2026-03-02T{start}"), "end": at(f"2026-03-02T{end}")}
        await door.act_on_clock(context, action("exclude", **span))
    (listed,) = (await door.list_cycles(context, ListCycles(phase="RUNNING"))).cycles
    assert (listed.phase, listed.excluded_until) == ("PAUSED", at("2026-03-02T13:00"))
    await door.act_on_clock(context, action("pause"))
    (listed,) = (await door.list_cycles(context, ListCycles(phase="PAUSED"))).cycles
    assert (listed.phase, listed.excluded_until) == ("PAUSED", None)


@pytest.mark.parametrize(
    ("said", "due"), [({"target": "P1"}, "2026-03-02T13:00"), ({"duration": "2bd"}, "2026-03-04T09:00")]
)
async def test_an_override_promises_something_else(
    door: Clocks, context: RequestContext, ticket: str, said: dict[str, str], due: str
) -> None:
    """A Target by its name, or a duration; later events do not change it back."""
    del ticket
    await door.act_on_clock(context, action("override", **said))
    later = event("e2", "t1", "2026-03-02T12:30", state="new")
    await door.ingest_events(context, IngestEvents(events=(later,)))
    assert (await cycle_of(door, context)).due_at == at(due)


async def test_an_idempotency_key_acts_once(door: Clocks, context: RequestContext, ticket: str) -> None:
    """The same key gives the first answer again; with another action it is a conflict."""
    del ticket
    keyed = msgspec.structs.replace(context, idempotency_key="key-1")
    first = await door.act_on_clock(keyed, action("pause"))
    assert await door.act_on_clock(keyed, action("pause")) == first
    assert await code_of(door, keyed, action("stop")) == ("event_conflict", "event_id")


REFUSED: list[tuple[ActOnClock, tuple[str, str | None]]] = [
    (ActOnClock(subject_id="t1", action="pause", reason=" "), ("event_invalid", "reason")),
    (action("exclude", start=at(NOON), end=at(NOON)), ("event_invalid", "end")),
    (action("exclude", end=at(NOON)), ("event_invalid", "start")),
    (action("override"), ("event_invalid", "target")),
    (action("override", target="P9"), ("event_invalid", "target")),
    (action("override", duration="soon"), ("event_invalid", "duration")),
    (action("revoke", revokes="e1"), ("event_invalid", "revokes")),
    (action("pause", target="P1"), ("event_invalid", "target")),
    (action("revoke", revokes="\0"), ("text_invalid", "revokes")),
    (ActOnClock(subject_id="t\0", action="pause", reason="why"), ("text_invalid", "subject_id")),
    (action("pause", event_id="\0"), ("text_invalid", "event_id")),
    (action("pause", occurred_at=at("2026-03-02T12:06")), ("event_invalid", "occurred_at")),
    (action("pause", policy_key="other"), ("policy_unknown", "policy_key")),
    (action("pause", metric="other"), ("metric_unknown", "metric")),
    (msgspec.structs.replace(action("pause"), subject_id="t9"), ("subject_unknown", "subject_id")),
    (action("pause", event_id="e1"), ("event_conflict", "event_id")),
]


async def test_what_makes_no_sense_is_refused(door: Clocks, context: RequestContext, ticket: str) -> None:
    """With a code and the field at fault; nothing is written."""
    del ticket
    for request, refusal in REFUSED:
        assert await code_of(door, context, request) == refusal, request
    assert (await cycle_of(door, context)).phase == "RUNNING"


BAD_EVENTS: list[tuple[str, dict[str, Any], str]] = [
    ("clock.pause", {}, "attributes.reason"),
    ("clock.explode", {"reason": "x"}, "type"),
    ("clock.pause", {"reason": "x", "polcy": "support"}, "attributes.polcy"),
    ("clock.exclude", {"reason": "x", "from": "2026-03-02", "until": "2026-03-03"}, "attributes.from"),
    ("clock.revoke", {"reason": "x"}, "attributes.event"),
]


async def test_ingest_refuses_actions_one_by_one(
    service: ClocksService, context: RequestContext, support: str
) -> None:
    """An action that says something impossible is refused by its place; the rest of the batch is taken."""
    del support
    bad = [
        EventRecord(
            event_id=f"b{place}", subject_id="t2", occurred_at=at(NOON), type=kind, attributes=attributes
        )
        for place, (kind, attributes, _) in enumerate(BAD_EVENTS)
    ]
    good = event("g", "t2", NOON, state="new", priority="1")
    receipt = await service.ingest_events(context, IngestEvents(events=(*bad, good)))
    assert receipt.accepted == 1
    assert [(one.code, one.field) for one in receipt.refused] == [
        ("event_invalid", field) for *_, field in BAD_EVENTS
    ]
