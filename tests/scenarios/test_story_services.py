"""Stories through the real services, in any order of arrival, against the slow oracle."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import NamedTuple

from hypothesis import HealthCheck, given, note, settings

from businesstime import to_us
from calendars.app import open_calendars
from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks
from clocks.contract import (
    CycleRecord,
    EventRecord,
    ExplainCycle,
    IngestEvents,
    ListCycles,
    ReadSubject,
    SavePolicy,
)
from clocks.operations import fire_thresholds, follow_calendars, refold_subjects
from clocks.operations.load_rulebook import Rulebooks
from clocks.service import ClocksService
from clocks.settings import Settings
from pgstore.feed import FeedMessage
from serving.context import RequestContext
from tests.scenarios.story import CalendarSaying, Fact, Story, as_json
from tests.scenarios.story_documents import (
    attributes_of,
    calendar_document,
    event_id,
    first_sayings,
    instant,
    policy_document,
    type_of,
)
from tests.scenarios.story_oracle import Seen, lived, owed, see
from tests.scenarios.story_run import Run
from tests.scenarios.story_strategies import told_stories
from tests.services.clocks.conftest import SECRET, acting_for
from tests.services.clocks.following import messages_of

BREACHES = ("breach.fired", "breach.revoked", "breach.restated")
SUBJECT = "s"


def utc_now() -> datetime:
    """Read the clock that the database has, too."""
    return datetime.now(UTC)  # noqa: TID251 - thresholds are fired by the database's time


class Snapshot(NamedTuple):
    """What the Cycles were at an instant, by what was known at another."""

    known_at: datetime
    at: datetime
    cycles: list[Seen]


class Telling:
    """A story on its way through the services, in a tenant of its own."""

    def __init__(self, story: Story, calendars: CalendarsService, clocks: ClocksService) -> None:
        today = utc_now().date()
        self.story, self.calendars, self.clocks = story, calendars, clocks
        self.monday = today - timedelta(days=today.weekday(), weeks=story.weeks)
        self.context: RequestContext = acting_for(f"t-{token_hex(8)}")
        self.rulebooks = Rulebooks(database=clocks._database, calendars=calendars)
        self.amendments = [saying for saying in story.calendars if saying.since is not None]
        self.amended: list[CalendarSaying] = []
        self.saved = 0
        self.arrived: dict[int, Fact] = {}
        self.snapshots: list[Snapshot] = []

    async def begin(self) -> None:
        """Make the Calendars and the Policy."""
        for saying in first_sayings(self.story.calendars):
            document = calendar_document(saying, self.monday)
            request = CreateCalendar(key=saying.key, name=saying.key, document=document)
            await self.calendars.create_calendar(self.context, request)
        await self.save_policy()

    async def save_policy(self) -> None:
        """Save the next version of the Policy."""
        saying = self.story.policies[self.saved]
        request = SavePolicy(
            key="p",
            document=policy_document(saying),
            expected_version=self.saved,
            effective_from=None if saying.since is None else instant(self.monday, saying.since),
        )
        await self.clocks.save_policy(self.context, request)
        self.saved += 1

    async def amend(self) -> None:
        """Amend the next Calendar: what has begun is put right, what is to come holds from then on."""
        saying = self.amendments[len(self.amended)]
        since = instant(self.monday, saying.since or 0)
        request = AmendCalendar(
            key=saying.key,
            expected_version=1 + sum(each.key == saying.key for each in self.amended),
            document=calendar_document(saying, self.monday),
            mode="RESTATE" if since <= utc_now() else "FORWARD",
            effective_from=since,
            reason="a story",
        )
        await self.calendars.amend_calendar(self.context, request)
        self.amended.append(saying)

    async def ingest(self, numbers: Sequence[int]) -> None:
        """Send some facts at once."""
        facts = [self.story.facts[number] for number in numbers]
        receipt = await self.clocks.ingest_events(
            self.context, IngestEvents(events=tuple(self.event(fact) for fact in facts))
        )
        assert not receipt.refused
        assert receipt.accepted == len(set(numbers) - self.arrived.keys())
        self.arrived |= {fact.number: fact for fact in facts}

    def event(self, fact: Fact) -> EventRecord:
        """Write a fact as an event."""
        return EventRecord(
            event_id=event_id(fact.number),
            subject_id=SUBJECT,
            occurred_at=instant(self.monday, fact.at),
            type=type_of(fact),
            sequence=fact.number,
            attributes=attributes_of(fact, self.monday),
        )

    async def settle(self) -> None:
        """Follow the calendars, and do the work that is left of this tenant."""
        database = self.clocks._database
        while await follow_calendars.follow(self.calendars.feed, database=database, calendars=self.calendars):
            pass
        while True:
            done = await refold_subjects.refold(self.context, database=database, rulebooks=self.rulebooks)
            if done.subjects is None:
                return

    async def fire(self) -> None:
        """Fire what is past."""
        while await fire_thresholds.fire(self.clocks._database):
            pass

    async def tell(self) -> None:
        """Take every step, then let all come to rest."""
        await self.begin()
        for step in self.story.steps:
            match step.kind:
                case "events":
                    await self.ingest(step.numbers)
                case "amend":
                    await self.amend()
                case "policy":
                    await self.save_policy()
                case "fire":
                    await self.fire()
                case _:
                    await self.settle()
            self.look()
        await self.settle()
        await self.fire()

    def look(self) -> None:
        """Put down what the Cycles are by what is known at this moment."""
        if self.arrived:
            story, runs = self.known()
            at = instant(self.monday, max(fact.at for fact in self.story.facts))
            cycles = [see(run, to_us(at), story.policies) for run in runs]
            self.snapshots.append(Snapshot(utc_now(), at, cycles))

    def known(self) -> tuple[Story, list[Run]]:
        """Live through what is known so far."""
        story = Story(
            calendars=(*first_sayings(self.story.calendars), *self.amended),
            policies=self.story.policies[: self.saved],
            facts=tuple(self.arrived.values()),
        )
        return story, lived(story, self.monday)


def seen(record: CycleRecord) -> Seen:
    """Put a Cycle into the oracle's words."""
    return Seen(
        number=record.cycle,
        version=record.policy_version,
        phase=record.phase,
        outcome=record.outcome,
        started=to_us(record.started_at),
        due=None if record.due_at is None else to_us(record.due_at),
        stopped=None if record.stopped_at is None else to_us(record.stopped_at),
        used=record.elapsed_us,
        left=record.remaining_us,
        target=record.target,
        worth=record.target_us,
        calendar=record.calendar_key,
        ticking=record.ticking,
    )


async def check_readings(telling: Telling) -> None:
    """Compare the Subject now and later, the board, and every explanation's sum."""
    story, runs = telling.known()
    last = max(instant(telling.monday, fact.at) for fact in story.facts)
    for at in (max(last, utc_now()), last + timedelta(days=9)):
        subject = await telling.clocks.read_subject(telling.context, ReadSubject(subject_id=SUBJECT, at=at))
        assert [seen(cycle) for cycle in subject.cycles] == [
            see(run, to_us(at), story.policies) for run in runs
        ]
    for run in runs:
        request = ExplainCycle(
            subject_id=SUBJECT, policy_key="p", metric="m", cycle=run.number, at=last, first=1_000
        )
        told = await telling.clocks.explain_cycle(telling.context, request)
        assert told.has_next or sum(each.elapsed_us for each in told.segments) == run.used(to_us(last))
        assert [each.start for each in told.segments[1:]] == [each.end for each in told.segments[:-1]]
    page = await telling.clocks.list_cycles(telling.context, ListCycles())
    assert sorted(cycle.cycle for cycle in page.cycles) == [run.number for run in runs]


async def check_messages(telling: Telling) -> None:
    """Compare what was told of Breaches: what stands of it is what the oracle says, and nothing else."""
    _, runs = telling.known()
    told = await messages_of(telling.clocks.feed, telling.context.tenant_id, *BREACHES)
    assert standing(told) == {
        run.number: at
        for run in runs
        for at, label in owed(run)
        if label == "breach" and at < to_us(utc_now())
    }
    sent = Counter((each.payload["cycle"], each.payload["generation"], each.type) for each in told)
    assert set(sent.values()) <= {1}


def standing(told: Sequence[FeedMessage]) -> dict[int, int]:
    """Live through the messages: each must follow from those before it."""
    found: dict[int, int] = {}
    for message in told:
        number, at = message.payload["cycle"], to_us(datetime.fromisoformat(message.payload["at"]))
        if message.type == "breach.revoked":
            assert found.pop(number) == at
        else:
            assert (number in found) == (message.type == "breach.restated")
            found[number] = at
    return found


async def check_as_of(telling: Telling) -> None:
    """Compare what is answered of earlier moments with what was known then."""
    for snapshot in telling.snapshots:
        request = ReadSubject(subject_id=SUBJECT, at=snapshot.at, known_at=snapshot.known_at)
        subject = await telling.clocks.read_subject(telling.context, request)
        assert [seen(cycle) for cycle in subject.cycles] == snapshot.cycles


async def tell_whole(story: Story, database_url: str, redis_url: str) -> None:
    """Tell a story, and compare everything."""
    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(
            open_calendars(
                CalendarsSettings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
            )
        )
        clocks = await stack.enter_async_context(
            open_clocks(
                Settings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET),
                calendars=calendars,
            )
        )
        telling = Telling(story, calendars, clocks)
        note(f"{telling.monday} {as_json(story)}")
        await telling.tell()
        await check_readings(telling)
        await check_messages(telling)
        await check_as_of(telling)


@given(story=told_stories())
@settings(
    max_examples=max(settings().max_examples // 4, 1),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_the_services_agree_with_the_oracle(story: Story, database_url: str, redis_url: str) -> None:
    """Whatever the order of arrival, batches, duplicates and work in between: one end, messages to match."""
    asyncio.run(tell_whole(story, database_url, redis_url))
