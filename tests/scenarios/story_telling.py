"""A story on its way through the real services, with the slow books beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import NamedTuple

from businesstime import to_us
from calendars.contract import AmendCalendar, CreateCalendar
from calendars.service import CalendarsService
from clocks.contract import EventRecord, IngestEvents, SavePolicy
from clocks.operations import fire_thresholds, follow_calendars, refold_subjects
from clocks.operations.load_rulebook import Rulebooks
from clocks.service import ClocksService
from serving.context import RequestContext
from tests.scenarios.story import CalendarSaying, Fact, Story
from tests.scenarios.story_books import Books, CycleName, Lesson
from tests.scenarios.story_documents import (
    attributes_of,
    calendar_document,
    event_id,
    first_sayings,
    instant,
    policy_document,
    type_of,
)
from tests.scenarios.story_hours import hours_of_all
from tests.scenarios.story_oracle import Seen, lived, place_of, see
from tests.scenarios.story_run import Run
from tests.services.clocks.conftest import acting_for

__all__ = ["Snapshot", "Telling", "utc_now"]


def utc_now() -> datetime:
    """Read the clock that the database has, too."""
    return datetime.now(UTC)  # noqa: TID251 - thresholds are fired by the database's time


class Snapshot(NamedTuple):
    """What the Cycles were at an instant, by what was known at another, and of which Subjects it was."""

    known_at: datetime
    at: datetime
    subjects: list[str]
    cycles: dict[CycleName, Seen]


class Telling:
    """A story on its way through the services, in a tenant of its own.

    adopted: the Calendars as clocks has them.
    """

    def __init__(self, story: Story, calendars: CalendarsService, clocks: ClocksService) -> None:
        today = utc_now().date()
        self.story, self.calendars, self.clocks = story, calendars, clocks
        self.monday = today - timedelta(days=today.weekday(), weeks=story.weeks)
        self.context: RequestContext = acting_for(f"t-{token_hex(8)}")
        self.rulebooks = Rulebooks(database=clocks._database, calendars=calendars)
        self.amendments = [saying for saying in story.calendars if saying.since is not None]
        self.amended: list[CalendarSaying] = []
        self.adopted = tuple(first_sayings(story.calendars))
        self.saved = 0
        self.arrived: dict[int, Fact] = {}
        self.snapshots: list[Snapshot] = []
        self.books = Books()

    @property
    def metrics(self) -> str:
        """Name the Metrics of the Policy, a letter each."""
        return "mn" if self.story.second else "m"

    @property
    def subjects(self) -> list[str]:
        """Name the Subjects of which something has arrived."""
        return sorted({fact.subject for fact in self.arrived.values()})

    @property
    def last(self) -> datetime:
        """Say when the last fact is."""
        return instant(self.monday, max(fact.at for fact in self.story.facts))

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
                    await self.settle()  # or some Cycles would be counted by the new hours and the old rules
                    await self.save_policy()
                case "fire":
                    await self.fire()
                case _:
                    await self.settle()
            self.look()
        await self.settle()
        await self.fire()

    async def begin(self) -> None:
        """Make the Calendars and the Policy."""
        for saying in first_sayings(self.story.calendars):
            document = calendar_document(saying, self.monday)
            request = CreateCalendar(key=saying.key, name=saying.key, document=document)
            await self.calendars.create_calendar(self.context, request)
        await self.save_policy()

    async def save_policy(self) -> None:
        """Save the next version of the Policy."""
        sayings = [each[self.saved] for each in (self.story.policies, self.story.second) if each]
        since = sayings[0].since
        request = SavePolicy(
            key="p",
            document=policy_document(*sayings),
            expected_version=self.saved,
            effective_from=None if since is None else instant(self.monday, since),
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
        new = set(numbers) - self.arrived.keys()
        assert not receipt.refused
        assert receipt.accepted == len(new)
        self.arrived |= {fact.number: fact for fact in facts}
        self.learn({self.story.facts[number].subject for number in new})

    def event(self, fact: Fact) -> EventRecord:
        """Write a fact as an event."""
        return EventRecord(
            event_id=event_id(fact.number),
            subject_id=fact.subject,
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
                break
        new = self.amended[len(self.adopted) - len(first_sayings(self.story.calendars)) :]
        self.adopted = (*self.adopted, *new)
        reach = max((to_us(instant(self.monday, saying.since or 0)) for saying in new), default=None)
        self.learn(set(self.subjects), reach)

    async def fire(self) -> None:
        """Fire what is past."""
        while await fire_thresholds.fire(self.clocks._database):
            pass
        self.books.fire(to_us(utc_now()))

    def learn(self, subjects: set[str], reach: int | None = None) -> None:
        """Enter into the books what the service knows now of some Subjects."""
        hours, now = hours_of_all(self.adopted, self.monday), to_us(utc_now())
        for subject in sorted(subjects):
            last = max(place_of(fact) for fact in self.arrived.values() if fact.subject == subject)
            for metric in self.metrics:
                clock = subject, metric
                story = self.known().of(clock)
                self.books.learn(clock, Lesson(story, self.monday, hours, now, last, reach))

    def known(self) -> Story:
        """Leave of the story what has been said so far."""
        return Story(
            calendars=(*first_sayings(self.story.calendars), *self.amended),
            policies=self.story.policies[: self.saved],
            second=self.story.second[: self.saved],
            facts=tuple(self.arrived.values()),
        )

    def runs(self) -> dict[CycleName, tuple[Story, Run]]:
        """Live through what is known so far: Cycles, each with the story of its Clock."""
        clocks = [(subject, metric) for subject in self.subjects for metric in self.metrics]
        stories = {clock: self.known().of(clock) for clock in clocks}
        return {
            (*clock, run.number): (story, run)
            for clock, story in stories.items()
            for run in lived(story, self.monday)
        }

    def seen(self, at: datetime) -> dict[CycleName, Seen]:
        """See all Cycles at an instant."""
        return {name: see(run, to_us(at), story.policies) for name, (story, run) in self.runs().items()}

    def look(self) -> None:
        """Put down what the Cycles are by what is known at this moment."""
        if self.arrived:
            self.snapshots.append(Snapshot(utc_now(), self.last, self.subjects, self.seen(self.last)))
