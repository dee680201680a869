"""Any order of arrival, any duplication, any batches, any writers: the Cycles of the log in order."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import msgspec
import pytest

from calendars.contract import CreateCalendar
from calendars.service import CalendarsService
from clocks.app import open_clocks
from clocks.contract import CycleRecord, EventRecord, IngestEvents, ListCycles, SavePolicy
from clocks.operations import fire_thresholds
from clocks.service import ClocksService
from clocks.settings import Settings
from pgstore.feed import FeedMessage
from serving.context import RequestContext
from tests.services.clocks.conftest import acting_for
from tests.services.clocks.following import messages_of
from tests.services.clocks.stories import OFFICE, SUPPORT, at, event
from tests.services.standing_time import StandingTime

STATES = ("new", "open", "waiting", "solved", "open", "waiting")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_overlapping_shuffled_batches_end_in_the_cycles_of_the_log(
    service: ClocksService,
    calendars: CalendarsService,
    settings: Settings,
    clock: StandingTime,
    tenant: str,
    seed: int,
) -> None:
    """Four tasks on two services send overlapping batches, shuffled and repeated; or one task, in order."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    log = list(story(chance, subjects=25, events=400))
    in_order, at_once = acting_for(f"{tenant}-a"), acting_for(f"{tenant}-b")
    for context in (in_order, at_once):
        await prepare(service, calendars, context)
    await send(service, in_order, [log])
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(open_clocks(settings, calendars=calendars, now=clock))
        accepted = await asyncio.gather(
            *(send(one, at_once, shuffled(chance, log)) for one in (service, other, service, other))
        )
    assert sum(accepted) == len(log)
    assert await cycles_of(service, at_once) == await cycles_of(service, in_order)
    assert await breaches_of(service, at_once) == await breaches_of(service, in_order)


async def test_one_event_at_a_time_backwards_ends_in_the_same_cycles(
    service: ClocksService, calendars: CalendarsService, tenant: str
) -> None:
    """The worst order: every event is late."""
    chance = random.Random(11)  # noqa: S311 - no secret
    log = list(story(chance, subjects=3, events=60))
    in_order, backwards = acting_for(f"{tenant}-a"), acting_for(f"{tenant}-b")
    for context in (in_order, backwards):
        await prepare(service, calendars, context)
    await send(service, in_order, [log])
    assert await send(service, backwards, [[one] for one in reversed(log)]) == len(log)
    assert await cycles_of(service, backwards) == await cycles_of(service, in_order)
    assert await breaches_of(service, backwards) == await breaches_of(service, in_order)


async def test_of_rivals_for_one_id_one_is_taken_and_the_other_refused(
    service: ClocksService, calendars: CalendarsService, tenant: str
) -> None:
    """Batches give the same ids to other Subjects at once: each id is taken once, each rival a conflict."""
    context = acting_for(tenant)
    await prepare(service, calendars, context)
    batches = [
        [event(f"e{number}", f"T-{writer}", "2026-02-02T09:00") for number in numbers]
        for writer, numbers in enumerate((range(40), range(39, -1, -1), range(20, 60)))
    ]
    receipts = await asyncio.gather(
        *(service.ingest_events(context, IngestEvents(events=tuple(batch))) for batch in batches)
    )
    assert sum(receipt.accepted for receipt in receipts) == 60
    assert sum(len(receipt.refused) for receipt in receipts) == 60
    assert {refused.code for receipt in receipts for refused in receipt.refused} == {"event_conflict"}


def story(chance: random.Random, *, subjects: int, events: int) -> Iterator[EventRecord]:
    """Tell of Subjects at random, some of it at the same instant, in February."""
    moment = at("2026-02-02T09:00")
    for number in range(events):
        moment += timedelta(minutes=chance.choice((0, 0, 1, 7, 35, 90)))
        told = event(
            f"e{chance.randrange(10**9):09}-{number}",
            f"T-{chance.randrange(subjects):03}",
            "2026-01-01T00:00",
            type="deleted" if chance.random() < 0.02 else "updated",
            sequence=chance.randrange(3),
            state=chance.choice(STATES),
            priority=chance.choice(("1", "2")),
        )
        yield msgspec.structs.replace(told, occurred_at=moment)


def shuffled(chance: random.Random, log: Sequence[EventRecord]) -> Iterator[Sequence[EventRecord]]:
    """Cut the log, shuffled, into batches of several sizes; a few events come twice."""
    events = [*log, *chance.sample(list(log), len(log) // 10)]
    chance.shuffle(events)
    start = 0
    while start < len(events):
        size = chance.choice((1, 5, 40, 90))
        yield events[start : start + size]
        start += size


async def send(
    service: ClocksService,
    context: RequestContext,
    batches: Iterable[Sequence[EventRecord]],
) -> int:
    """Send batches one after another; none of it may be refused. How many events were new."""
    accepted = 0
    for batch in batches:
        receipt = await service.ingest_events(context, IngestEvents(events=tuple(batch)))
        assert receipt.refused == ()
        assert receipt.accepted + receipt.duplicates == len(batch)
        accepted += receipt.accepted
    return accepted


async def cycles_of(service: ClocksService, context: RequestContext) -> list[CycleRecord]:
    """Read all Cycles, but for how often they were restated on the way."""
    page = await service.list_cycles(context, ListCycles(first=500))
    assert not page.has_next
    return [msgspec.structs.replace(cycle, revision=0) for cycle in page.cycles]


async def breaches_of(service: ClocksService, context: RequestContext) -> Counter[tuple[str, int, str]]:
    """Fire what is past, and read from the messages which breaches stand, at their last restated instant."""
    while await fire_thresholds.fire(service._database):
        pass
    standing: dict[tuple[str, int], str] = {}
    for message in await messages_of(service.feed, context.tenant_id, *TOLD):
        tell(standing, message)
    return Counter((*key, instant) for key, instant in standing.items())


TOLD = ("breach.fired", "breach.revoked", "breach.restated")


def tell(standing: dict[tuple[str, int], str], message: FeedMessage) -> None:
    """Take a message to heart, as a follower does; it must make sense after those before it."""
    key = (message.payload["subject_id"], message.payload["cycle"])
    if message.type == "breach.revoked":
        assert standing.pop(key) == message.payload["at"]
        return
    assert (key in standing) == (message.type == "breach.restated")
    standing[key] = message.payload["at"]


async def prepare(service: ClocksService, calendars: CalendarsService, context: RequestContext) -> None:
    """Give a tenant the office Calendar and the support Policy."""
    await calendars.create_calendar(context, CreateCalendar(key="office", name="Office", document=OFFICE))
    await service.save_policy(context, SavePolicy(key="support", document=SUPPORT))
