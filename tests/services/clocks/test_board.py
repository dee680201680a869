"""The board against a plain filter and sort in Python, on Cycles of all kinds."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from clocks.contract import CycleRecord, EventRecord, IngestEvents, ListCycles, ReadSubject, SavePolicy
from clocks.service import ClocksService
from clocks.storage import board
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.stories import SUPPORT, at, event
from tests.services.standing_time import StandingTime

NEVER = datetime.max.replace(tzinfo=UTC)
STATES = ("new", "waiting", "solved")
Key = Callable[[CycleRecord], Any]
QUESTIONS: Sequence[dict[str, Any]] = (
    {},
    {"phase": "RUNNING"},
    {"phase": "PAUSED", "outcome": "PENDING"},
    {"phase": "PAUSED", "outcome": "BREACHED", "target": "P1"},
    {"phase": "PAUSED", "due_before": at("2026-03-02T15:00"), "subject_prefix": "T-1"},
    {"phase": "RUNNING", "outcome": "PENDING"},
    {"outcome": "BREACHED"},
    {"outcome": "PENDING"},
    {"outcome": "MET", "target": "P1"},
    {"due_before": at("2026-03-02T15:00")},
    {"due_after": at("2026-03-02T15:00")},
    {"due_after": at("2026-02-27T10:00"), "due_before": at("2026-03-02T15:00"), "policy_key": "support"},
    {"subject_prefix": "T-1"},
    {"subject_prefix": "T-\U0010ffff"},
    {"subject_prefix": "%"},
    {"subject_contains": "-1"},
    {"subject_contains": "1", "subject_prefix": "T-", "outcome": "BREACHED"},
    {"subject_contains": "%"},
    {"subject_contains": "t-"},
    {"metric": "resolution", "subject_prefix": "T-2", "phase": "STOPPED"},
)


def identity(cycle: CycleRecord) -> tuple[str, str, str, int]:
    """Tell which Cycle it is."""
    return (cycle.subject_id, cycle.policy_key, cycle.metric, cycle.cycle)


def by_due(cycle: CycleRecord) -> tuple[Any, ...]:
    """Sort what has no due time last."""
    return (cycle.due_at or NEVER, *identity(cycle))


def by_left(cycle: CycleRecord) -> tuple[Any, ...]:
    """Sort what has a fixed point last."""
    return (cycle.due_at is not None and cycle.outcome == "PENDING", cycle.remaining_us, *identity(cycle))


def matches(cycle: CycleRecord, question: dict[str, Any]) -> bool:
    """Filter as plainly as can be."""
    rest = dict(question)
    prefix, before, after = (rest.pop(name, None) for name in ("subject_prefix", "due_before", "due_after"))
    part = rest.pop("subject_contains", "")
    return (
        all(getattr(cycle, name) == value for name, value in rest.items())
        and (prefix is None or cycle.subject_id.startswith(prefix))
        and part in cycle.subject_id
        and (before is None or (cycle.due_at is not None and cycle.due_at < before))
        and (after is None or (cycle.due_at is not None and cycle.due_at >= after))
    )


async def fill(service: ClocksService, context: RequestContext, *, seed: int = 5) -> None:
    """Tell of 120 tickets in all states, some long overdue."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    events: list[EventRecord] = []
    for number in range(120):
        opened = f"2026-{chance.choice(('02-26', '02-27', '03-02'))}T{chance.randrange(9, 12):02}:00"
        subject_id = f"T-{number}"
        events.append(event(f"a{number}", subject_id, opened, priority=chance.choice("12"), state="new"))
        later = opened[:-5] + f"{chance.randrange(12, 17):02}:{chance.randrange(60):02}"
        if later < "2026-03-02T12:00":
            events.append(event(f"b{number}", subject_id, later, state=chance.choice(STATES)))
        if number % 17 == 0:
            events.append(event(f"c{number}", subject_id, "2026-03-02T11:30", type="deleted"))
    receipt = await service.ingest_events(context, IngestEvents(events=tuple(events)))
    assert receipt.accepted == len(events), receipt


async def walk(service: ClocksService, context: RequestContext, request: ListCycles) -> list[CycleRecord]:
    """Read all pages."""
    cycles: list[CycleRecord] = []
    while True:
        page = await service.list_cycles(context, request)
        cycles.extend(page.cycles)
        if not page.has_next:
            return cycles
        request = msgspec.structs.replace(request, after=page.cursors[-1])


@pytest.mark.usefixtures("support")
@pytest.mark.parametrize("most_found", [5, 1_000], ids=["many hold a part", "few hold a part"])
async def test_a_board_is_a_filter_and_a_sort(
    service: ClocksService, context: RequestContext, monkeypatch: pytest.MonkeyPatch, most_found: int
) -> None:
    """Every filter in every order gives what filtering and sorting all Cycles in Python gives."""
    monkeypatch.setattr(board, "MAX_FOUND", most_found)
    await fill(service, context)
    everything = await walk(service, context, ListCycles(first=500))
    assert len(everything) >= 120
    orders: dict[str, tuple[Key, bool]] = {
        "STARTED": (lambda cycle: (cycle.started_at, *identity(cycle)), False),
        "DUE": (by_due, False),
        "DUE_LATEST": (by_due, True),
    }
    of_remaining: dict[Any, tuple[Key, bool]] = {"RUNNING": (by_due, False), "PAUSED": (by_left, False)}
    for question in QUESTIONS:
        left = of_remaining.get(question.get("phase"))
        for sort, (key, reverse) in (orders if left is None else orders | {"REMAINING": left}).items():
            expected = sorted(
                (cycle for cycle in everything if matches(cycle, question)), key=key, reverse=reverse
            )
            request = ListCycles(**question, sort=sort, first=7)  # type: ignore[arg-type]
            assert await walk(service, context, request) == expected, (question, sort)


@pytest.mark.usefixtures("support")
async def test_least_time_left_is_first_due_of_what_runs(
    service: ClocksService, context: RequestContext
) -> None:
    """On one Calendar the order of REMAINING is that of the business time left."""
    await fill(service, context)
    cycles = await walk(service, context, ListCycles(phase="RUNNING", sort="REMAINING", first=9))
    left = [cycle.remaining_us for cycle in cycles]
    assert left == sorted(left)


async def test_what_is_paused_is_in_order_of_business_time_left(
    service: ClocksService, context: RequestContext, support: str, clock: StandingTime
) -> None:
    """Overdue first, of equals by key, a fixed point last, page by page; no time passes meanwhile.

    An override, an exclusion told late and business days move a Cycle in that order as in its Reading.
    """
    targets = [
        {"name": "days", "when": 'subject.priority == "3"', "duration": "1bd"},
        {"name": "fixed", "when": 'subject.priority == "4"', "until": {"business_day_end": 9}},
        *SUPPORT["metrics"]["resolution"]["targets"],
    ]
    metric = {**SUPPORT["metrics"]["resolution"], "targets": targets}
    document = {**SUPPORT, "metrics": {"resolution": metric}}
    await service.save_policy(context, SavePolicy(key=support, document=document, expected_version=1))
    events = []
    for number in range(60):
        opened = f"2026-{('02-26', '02-27', '03-02')[number % 3]}T09:00"
        events.append(event(f"a{number}", f"P-{number}", opened, priority=f"{number % 4 + 1}", state="new"))
        waits = f"2026-{('02-27', '02-27', '03-02')[number % 3]}T11:{number % 2 * 30:02}"
        events.append(event(f"b{number}", f"P-{number}", waits, state="waiting"))
    span = {"from": "2026-02-26T10:00:00Z", "until": "2026-02-26T10:45:00Z"}
    acts = ({"type": "clock.override", "duration": "3h"}, {"type": "clock.exclude", **span})
    for number in range(0, 30, 5):
        changes = {"reason": "asked", **acts[number % 2]}
        events.append(event(f"c{number}", f"P-{number}", "2026-03-02T11:45", **changes))
    receipt = await service.ingest_events(context, IngestEvents(events=tuple(events)))
    assert not receipt.refused
    asked = ListCycles(phase="PAUSED", sort="REMAINING", first=7)
    cycles = await walk(service, context, asked)
    assert cycles == sorted(await walk(service, context, ListCycles(first=500)), key=by_left)
    left = [cycle.remaining_us for cycle in cycles if cycle.target != "fixed"]
    assert left[0] < 0 < left[-1]
    assert len(set(left)) < len(left)
    read = [await service.read_subject(context, ReadSubject(subject_id=one.subject_id)) for one in cycles]
    assert [subject.cycles[0].remaining_us for subject in read] == [one.remaining_us for one in cycles]
    clock.move(timedelta(days=3))
    later = await walk(service, context, asked)
    assert [cycle.remaining_us for cycle in later if cycle.target != "fixed"] == left
    assert list(map(identity, later)) == list(map(identity, cycles))


@pytest.mark.usefixtures("support")
async def test_pages_have_no_gap_and_no_repeat_while_others_move(
    service: ClocksService, context: RequestContext, clock: StandingTime
) -> None:
    """Between pages Cycles stop, pause and open: each that stays as it is, is shown once and in its place."""
    await fill(service, context)
    request = ListCycles(sort="DUE", first=10)
    before = [identity(cycle) for cycle in await walk(service, context, request)]
    moving = [f"T-{number}" for number in range(0, 120, 4)]
    shown: list[tuple[str, str, str, int]] = []
    for turn in range(100):
        page = await service.list_cycles(context, request)
        shown.extend(map(identity, page.cycles))
        if not page.has_next:
            break
        request = msgspec.structs.replace(request, after=page.cursors[-1])
        changes = [
            event(f"m{turn}-{subject}", subject, "2026-03-02T11:45", state=STATES[turn % 3], sequence=turn)
            for subject in [*moving, f"N-{turn}"]
        ]
        await service.ingest_events(context, IngestEvents(events=tuple(changes)))
    del clock
    still = [one for one in before if one[0] not in moving]
    assert [one for one in shown if one[0] not in moving and not one[0].startswith("N")] == still


@pytest.mark.usefixtures("support")
async def test_a_cursor_holds_for_its_own_question(service: ClocksService, context: RequestContext) -> None:
    """Another sort or filter refuses it; another size of page does not. REMAINING is of one phase."""
    await fill(service, context)
    after = (await service.list_cycles(context, ListCycles(sort="DUE", first=3))).cursors[-1]
    assert (await service.list_cycles(context, ListCycles(sort="DUE", first=5, after=after))).cycles
    wrong = {
        "cursor_invalid": [
            ListCycles(sort="STARTED", after=after),
            ListCycles(sort="DUE_LATEST", after=after),
            ListCycles(sort="DUE", phase="RUNNING", after=after),
        ],
        "sort_invalid": [ListCycles(sort="REMAINING"), ListCycles(sort="REMAINING", phase="STOPPED")],
    }
    for code, requests in wrong.items():
        for request in requests:
            with pytest.raises(Exception, match=r"^(after|sort): ") as refused:
                await service.list_cycles(context, request)
            problem = describe(refused.value)
            assert problem is not None
            assert problem.code == code


async def test_attributes_narrow_a_board(
    service: ClocksService, context: RequestContext, support: str
) -> None:
    """A value is found from the event that gives it to the one that takes it away; others are refused."""
    await fill(service, context)
    document = {**SUPPORT, "filterable": ["region", "vip"]}
    await service.save_policy(context, SavePolicy(key=support, document=document, expected_version=1))
    moves = [
        event(f"r{number}", f"T-{number}", "2026-03-02T11:50", region=f"R{number % 3}", vip=number % 2 == 0)
        for number in range(60)
    ]
    await service.ingest_events(context, IngestEvents(events=tuple(moves)))
    asked = ListCycles(attributes={"region": "R1", "vip": "true"}, sort="DUE", first=7)
    found = {cycle.subject_id for cycle in await walk(service, context, asked)}
    assert found == {f"T-{number}" for number in range(60) if number % 3 == 1 and number % 2 == 0}
    after = [
        event("s1", "T-4", "2026-03-02T11:55", region=None),
        event("s2", "T-10", "2026-03-02T11:55", region="R2"),
        event("s3", "T-100", "2026-03-02T11:55", region="R1", vip=True),
    ]
    await service.ingest_events(context, IngestEvents(events=tuple(after)))
    moved = {cycle.subject_id for cycle in await walk(service, context, asked)}
    assert moved == (found - {"T-4", "T-10"}) | {"T-100"}
    with pytest.raises(Exception, match="filterable are: region, vip"):
        await service.list_cycles(context, ListCycles(attributes={"team": "A"}))
    with pytest.raises(Exception, match="16 at most"):
        await service.list_cycles(context, ListCycles(attributes={f"a{number}": "" for number in range(17)}))
