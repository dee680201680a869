"""Stories through the real services, in any order of arrival, against the slow oracle and the slow books."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import groupby

from hypothesis import HealthCheck, given, note, seed, settings
from msgspec.structs import replace

from businesstime import to_us
from calendars.app import open_calendars
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks
from clocks.contract import CycleRecord, ExplainCycle, ListCycles, ReadSubject, RevisionRecord
from clocks.settings import Settings
from pgstore.feed import FeedMessage
from tests.scenarios.story import Story, as_json
from tests.scenarios.story_arrivals import told_stories
from tests.scenarios.story_books import CycleName, Row, Said
from tests.scenarios.story_oracle import Seen
from tests.scenarios.story_run import FAR_US
from tests.scenarios.story_seed import HOW_TO_REPEAT, SEED
from tests.scenarios.story_telling import Telling, utc_now
from tests.services.clocks.conftest import SECRET
from tests.services.clocks.following import messages_of

THRESHOLDS = ("warning.fired", "breach.fired", "breach.revoked", "breach.restated")


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
        chosen_by=record.calendar_rule,
        ticking=record.ticking,
    )


def name_of(record: CycleRecord) -> CycleName:
    """Name a Cycle."""
    return record.subject_id, record.metric, record.cycle


async def check_readings(telling: Telling) -> None:
    """Compare the Subjects now and later."""
    for at in (max(telling.last, utc_now()), telling.last + timedelta(days=9)):
        found = await read(telling, telling.subjects, ReadSubject(subject_id="", at=at))
        assert found == telling.seen(at)


async def read(telling: Telling, subjects: Sequence[str], request: ReadSubject) -> dict[CycleName, Seen]:
    """Read the Cycles of Subjects."""
    records = [
        await telling.clocks.read_subject(telling.context, replace(request, subject_id=subject))
        for subject in subjects
    ]
    return {name_of(cycle): seen(cycle) for record in records for cycle in record.cycles}


async def check_as_of(telling: Telling) -> None:
    """Compare what is answered of earlier moments with what was known then."""
    for known_at, at, subjects, cycles in telling.snapshots:
        request = ReadSubject(subject_id="", at=at, known_at=known_at)
        assert await read(telling, subjects, request) == cycles


async def check_explanations(telling: Telling) -> None:
    """Compare the sum of every explanation, and the numbers that were kept: as they had been written."""
    for name, (_, run) in telling.runs().items():
        request = ExplainCycle(
            subject_id=name[0], policy_key="p", metric=name[1], cycle=name[2], at=telling.last, first=1_000
        )
        told, book = await telling.clocks.explain_cycle(telling.context, request), telling.books.of[name]
        used = run.used(to_us(telling.last))
        assert told.has_next or sum(each.elapsed_us for each in told.segments) == used
        assert [each.start for each in told.segments[1:]] == [each.end for each in told.segments[:-1]]
        if not book.aged:
            rows = [row._replace(worth=0, chosen_by="", ended=None) for row in book.kept]
            assert [kept(each) for each in told.revisions] == list(enumerate(rows))
            assert told.cycle.revision == len(book.kept)


def kept(record: RevisionRecord) -> tuple[int, Row]:
    """Put the numbers of a Revision into the words of the books; three are not among those that are told."""
    return record.revision, Row(
        version=record.policy_version,
        target=record.target,
        worth=0,
        calendar=record.calendar_key,
        chosen_by="",
        phase=record.phase,
        outcome=record.outcome,
        started=to_us(record.started_at),
        due=None if record.due_at is None else to_us(record.due_at),
        breached=None if record.breached_at is None else to_us(record.breached_at),
        stopped=None if record.stopped_at is None else to_us(record.stopped_at),
        ended=None,
    )


async def check_board(telling: Telling) -> None:
    """Compare every order of the board, in pages, and the first rows that it shows of each."""
    rows = {name: book.row for name, book in telling.books.of.items() if book.row is not None}
    aged = {name for name, book in telling.books.of.items() if book.aged}
    due = sorted(rows, key=lambda name: (rows[name].due or FAR_US, name))
    orders = [
        (ListCycles(sort="STARTED"), sorted(rows, key=lambda name: (rows[name].started, name))),
        (ListCycles(sort="DUE"), due),
        (ListCycles(sort="DUE_LATEST"), due[::-1]),
        (
            ListCycles(sort="REMAINING", phase="RUNNING"),
            [name for name in due if rows[name].phase == "RUNNING"],
        ),
    ]
    for request, names in orders:
        found = await listed(telling, replace(request, first=3))
        hidden = set[CycleName]() if request.sort == "STARTED" else aged
        assert [name for name in map(name_of, found) if name not in hidden] == [
            name for name in names if name not in hidden
        ]
        begun = [record for record in found if record.started_at <= record.read_at]
        for record in begun[:3]:
            assert seen(record) == telling.seen(record.read_at)[name_of(record)]


async def listed(telling: Telling, request: ListCycles) -> list[CycleRecord]:
    """Read all pages of a list."""
    page = await telling.clocks.list_cycles(telling.context, request)
    found = list(page.cycles)
    while page.has_next:
        request = replace(request, after=page.cursors[-1])
        page = await telling.clocks.list_cycles(telling.context, request)
        found += page.cycles
    return found


async def check_messages(telling: Telling) -> None:
    """Compare all that was told of thresholds: what, in which order, of which time, in which generation."""
    told: dict[CycleName, list[Said]] = {}
    for each in await messages_of(telling.clocks.feed, telling.context.tenant_id, *THRESHOLDS):
        name = each.payload["subject_id"], each.payload["metric"], each.payload["cycle"]
        told.setdefault(name, []).append(said(each))
    assert {name: ordered(each) for name, each in told.items()} == {
        name: ordered(book.said) for name, book in telling.books.of.items() if book.said
    }
    for some in told.values():
        assert len({(one.kind, one.threshold, one.generation) for one in some}) == len(some)


def said(message: FeedMessage) -> Said:
    """Put a message into the words of the books."""
    at = to_us(datetime.fromisoformat(message.payload["at"]))
    return Said(message.type, message.payload["threshold"], at, message.payload["generation"])


def ordered(told: Sequence[Said]) -> list[Said]:
    """Put those in order that came at one instant, of which none is first."""
    return [one for _, some in groupby(told, lambda each: (each.kind, each.at)) for one in sorted(some)]


async def tell_whole(story: Story, database_url: str, redis_url: str) -> None:
    """Tell a story, and compare everything."""
    own = Settings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
    theirs = CalendarsSettings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(open_calendars(theirs))
        clocks = await stack.enter_async_context(open_clocks(own, calendars=calendars))
        telling = Telling(story, calendars, clocks)
        note(f"{HOW_TO_REPEAT}\n{telling.monday} {as_json(story)}")
        await telling.tell()
        for check in (check_readings, check_explanations, check_board, check_messages, check_as_of):
            await check(telling)


@seed(SEED)
@given(story=told_stories())
@settings(
    max_examples=max(settings().max_examples // 4, 1),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    print_blob=True,
)
def test_the_services_agree_with_the_oracle(story: Story, database_url: str, redis_url: str) -> None:
    """Whatever the order of arrival, batches, duplicates and work in between: one end, messages to match."""
    asyncio.run(tell_whole(story, database_url, redis_url))
