"""The ready-made policies: each does on a small story what its comment says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from businesstime import Timeline, from_us, to_us
from cli.backtesting import compile_calendars
from cli.manifest import Kind, read_manifests
from clocks.domain.cycle import empty_state
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.policy import PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.reading import Reading, read_cycle

EXAMPLES = Path(__file__).parents[3] / "services" / "cli" / "examples" / "policies"
MANIFESTS = read_manifests([EXAMPLES])
POLICIES = {one.key: parse_policy(one.document) for one in MANIFESTS if one.kind is Kind.POLICY}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = datetime.fromisoformat("2026-03-02T00:00:00+00:00")  # London is on UTC then

Story = Sequence[tuple[str, str, dict[str, Any]]]


class Kept(NamedTuple):
    """What became of a Cycle; times as `tue 09:30`, of the second week as `tue2 09:30`."""

    target: str
    outcome: str
    due: str | None
    ended: str | None = None


@pytest.fixture(scope="module")
def timelines() -> dict[str, Timeline]:
    """Compile the Calendars that lie beside the policies."""
    return compile_calendars({one.key: one.document for one in MANIFESTS if one.kind is Kind.CALENDAR})


def instant(text: str) -> datetime:
    """Read `tue 09:30`, or `tue2 09:30` a week later, with seconds if there are any."""
    day, _, clock = text.partition(" ")
    hours, minutes, seconds = (*map(int, clock.split(":")), 0)[:3]
    days = DAYS.index(day[:3]) + 7 * (int(day[3:] or "1") - 1)
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def written(instant_us: int | None) -> str | None:
    """Write it back."""
    if instant_us is None:
        return None
    weeks, days = divmod((from_us(instant_us) - MONDAY).days, 7)
    clock = from_us(instant_us)
    return f"{DAYS[days]}{weeks + 1 if weeks else ''} {clock:%H:%M}" + (
        f":{clock:%S}" if clock.second else ""
    )


def kept(reading: Reading) -> Kept:
    """Say what became of a Cycle."""
    return Kept(reading.target, reading.outcome, written(reading.due_at_us), written(reading.stopped_at_us))


def lived(key: str, story: Story, timelines: dict[str, Timeline]) -> list[Kept]:
    """Fold a story under a policy, and read its Cycles when the third week begins."""
    versions = {key: (PolicyVersion(policy_key=key, version=1, policy=POLICIES[key]),)}
    events = [
        Event(
            event_id=f"e{place}",
            subject_id="s",
            type=kind,
            occurred_at_us=to_us(instant(at)),
            sequence=place,
            attributes=attributes,
        )
        for place, (at, kind, attributes) in enumerate(story)
    ]
    clocks = fold(empty_state("s"), events, versions).clocks
    read_at_us = to_us(instant("mon3 00:00"))
    return [kept(read_cycle(cycle, read_at_us, timelines)) for clock in clocks for cycle in clock.cycles]


URGENT, NORMAL = {"priority": "urgent"}, {"priority": "normal"}
P1, P2 = {"major": True, "priority": "1"}, {"major": True, "priority": "2"}
ACME = {"customer": "acme", "status": "open", "group": "desk"}

STORIES: list[tuple[str, str, Story, list[Kept]]] = [
    (
        "first-response",
        "answered in time, over night",
        [("mon 17:00", "ticket.created", URGENT), ("tue 09:20", "reply.public", {})],
        [Kept("urgent", "MET", "tue 09:30", "tue 09:20")],
    ),
    (
        "first-response",
        "a note is no answer; what is said after the first one is another metric",
        [
            ("mon 09:00", "ticket.created", NORMAL),
            ("mon 10:00", "note.internal", {}),
            ("tue 09:00", "reply.public", {}),
            ("tue 10:00", "ticket.created", {}),
        ],
        [Kept("normal", "BREACHED", "mon 17:00", "tue 09:00")],
    ),
    (
        "first-response",
        "merged",
        [("mon 09:00", "ticket.created", NORMAL), ("mon 10:00", "ticket.merged", {})],
        [Kept("normal", "PENDING", "mon 17:00")],
    ),
    (
        "next-reply",
        "each message that is answered is a Cycle, from the first of a row",
        [
            ("mon 10:00", "message.customer", NORMAL),
            ("mon 11:00", "message.customer", {}),
            ("mon 15:00", "reply.public", {}),
            ("fri 12:00", "message.customer", {}),
            ("mon2 12:30", "reply.public", {}),
        ],
        [
            Kept("normal", "MET", "tue 10:00", "mon 15:00"),
            Kept("normal", "BREACHED", "mon2 12:00", "mon2 12:30"),
        ],
    ),
    (
        "periodic-update",
        "each update starts the next Cycle; the resolution ends the last",
        [
            ("mon 02:00", "incident.declared", P1),
            ("mon 02:20", "update.published", {}),
            ("mon 03:00", "update.published", {}),
            ("mon 03:10", "update.published", {"status": "resolved"}),
        ],
        [
            Kept("P1", "MET", "mon 02:30", "mon 02:20"),
            Kept("P1", "BREACHED", "mon 02:50", "mon 03:00"),
            Kept("P1", "MET", "mon 03:30", "mon 03:10"),
        ],
    ),
    (
        "periodic-update",
        "nobody is told of a small incident",
        [("mon 02:00", "incident.declared", {"priority": "1", "major": False})],
        [],
    ),
    (
        "resolution",
        "three business days, and what waiting for the customer took",
        [
            ("mon 10:00", "ticket.created", {**NORMAL, "status": "open"}),
            ("tue 10:00", "ticket.updated", {"status": "waiting"}),
            ("tue 12:00", "ticket.updated", {"status": "open"}),
            ("thu 12:00", "ticket.updated", {"status": "solved"}),
        ],
        [Kept("normal", "MET", "thu 12:00", "thu 12:00")],
    ),
    (
        "resolution",
        "made urgent, all of the time counts around the clock",
        [
            ("mon 10:00", "ticket.created", {**NORMAL, "status": "open"}),
            ("mon 16:00", "ticket.updated", URGENT),
            ("mon 18:01", "ticket.updated", {"status": "solved"}),
        ],
        [Kept("urgent", "BREACHED", "mon 18:00", "mon 18:01")],
    ),
    (
        "resolution",
        "what can wait is due at the end of a day, whatever was waited for",
        [
            ("mon 10:00", "ticket.created", {"priority": "low", "status": "waiting"}),
            ("mon2 17:30", "ticket.updated", {"status": "solved"}),
        ],
        [Kept("low", "MET", "mon2 17:30", "mon2 17:30")],
    ),
    (
        "resolution",
        "reopened, it goes on where it stopped",
        [
            ("mon 10:00", "ticket.created", {**URGENT, "status": "open"}),
            ("mon 14:00", "ticket.updated", {"status": "solved"}),
            ("tue 14:00", "ticket.updated", {"status": "open"}),
            ("tue 17:00", "ticket.updated", {"status": "closed"}),
        ],
        [Kept("urgent", "MET", "tue 18:00", "tue 17:00")],
    ),
    (
        "restore",
        "told late, it counts from when it began; a relapse goes on",
        [
            ("sat 03:10", "outage.detected", {"tier": "critical", "began_at": "2026-03-07T03:00:00Z"}),
            ("sat 03:40", "outage.restored", {}),
            ("sat 05:00", "outage.relapsed", {}),
            ("sat 05:20", "outage.restored", {}),
        ],
        [Kept("critical", "MET", "sat 05:20", "sat 05:20")],
    ),
    (
        "restore",
        "made critical late, it is due at once",
        [
            ("sat 03:00", "outage.detected", {"tier": "other"}),
            ("sat 05:00", "outage.assessed", {"tier": "critical"}),
            ("sat 05:10", "outage.restored", {}),
        ],
        [Kept("critical", "BREACHED", "sat 05:00", "sat 05:10")],
    ),
    (
        "call-answer",
        "answered at the last moment",
        [("sun 12:00:00", "call.queued", {"queue": "gold"}), ("sun 12:00:20", "call.answered", {})],
        [Kept("gold", "MET", "sun 12:00:20", "sun 12:00:20")],
    ),
    (
        "call-answer",
        "hung up in time, then hung up too late",
        [
            ("sun 12:00:00", "call.queued", {"queue": "other"}),
            ("sun 12:00:30", "call.abandoned", {}),
            ("sun 12:05:00", "call.queued", {}),
            ("sun 12:06:01", "call.abandoned", {}),
        ],
        [Kept("standard", "PENDING", "sun 12:01"), Kept("standard", "BREACHED", "sun 12:06")],
    ),
    (
        "customer-sla",
        "five business days to the customer",
        [("wed 10:00", "ticket.created", ACME), ("wed2 09:59", "ticket.updated", {"status": "solved"})],
        [Kept("acme", "MET", "wed2 10:00", "wed2 09:59")],
    ),
    (
        "internal-ola",
        "each handover is due at the end of the next business day",
        [
            ("thu 10:00", "ticket.created", ACME),
            ("thu 16:00", "ticket.updated", {"group": "second-line"}),
            ("fri 17:30", "ticket.updated", {"group": "desk"}),
            ("fri 17:45", "ticket.updated", {"group": "second-line"}),
            ("tue2 10:00", "ticket.updated", {"group": "desk"}),
        ],
        [
            Kept("handover", "MET", "fri 17:30", "fri 17:30"),
            Kept("handover", "BREACHED", "mon2 17:30", "tue2 10:00"),
        ],
    ),
    (
        "supplier-uc",
        "counts once a date is named, and follows it when it is named anew",
        [
            ("mon 10:00", "order.placed", {}),
            ("mon 12:00", "order.confirmed", {"promised_on": "2026-03-05"}),
            ("wed 12:00", "order.confirmed", {"promised_on": "2026-03-06"}),
            ("fri 17:31", "order.delivered", {}),
        ],
        [Kept("promised", "BREACHED", "fri 17:30", "fri 17:31")],
    ),
]


@pytest.mark.parametrize(("key", "claim", "story", "expected"), STORIES)
def test_an_example_does_what_it_says(
    key: str, claim: str, story: Story, expected: list[Kept], timelines: dict[str, Timeline]
) -> None:
    """Each Cycle has the target, the outcome and the due time that the comment promises."""
    assert lived(key, story, timelines) == expected, claim


def test_every_example_has_a_story() -> None:
    """None is there that no test runs."""
    assert {key for key, *_ in STORIES} == set(POLICIES)
