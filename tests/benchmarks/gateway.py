"""What GraphQL itself costs: from a request's bytes to an answer's bytes, with nothing behind the doors.

Run as `python -m tests.benchmarks.gateway`. Beside it stand the floor, the same bytes decoded and encoded by
msgspec alone, and the stock executor on the same query.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import uvloop
from graphql import execute, parse

from calendars.contract import Calendars
from clocks.contract import (
    Clocks,
    CycleChoice,
    CyclePage,
    CycleRecord,
    IngestEvents,
    IngestReceipt,
    ListCycles,
)
from credits.contract import Credits
from gateway.schema.build import executable_schema
from gateway.schema.engine import Engine
from gateway.schema.request import Answer, GraphQLRequest
from gateway.upstream.doors import Doors
from gateway.upstream.session import Session
from serving.context import RequestContext

ROUNDS = 7
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REQUEST = msgspec.json.Decoder(GraphQLRequest)

CYCLES = """query ($first: Int!) {
  cycles(first: $first) {
    edges {
      cursor
      node {
        id subjectId metric target phase outcome startedAt dueAt breachedAt stoppedAt elapsedUs remainingUs
        ticking
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

INGEST = """mutation ($events: [EventInput!]!) {
  ingestEvents(input: {events: $events}) {
    accepted duplicates refused { index code field message } errors { code field message }
  }
}"""


class EmptyClocks:
    """A door that answers at once: what is measured is the gateway's own."""

    async def list_cycles(self, _context: RequestContext, request: ListCycles) -> CyclePage:
        """Answer as many Cycles as are asked for."""
        cycles = tuple(cycle(number) for number in range(request.first))
        return CyclePage(cycles=cycles, cursors=tuple(map(str, range(request.first))), has_next=True)

    async def ingest_events(self, _context: RequestContext, request: IngestEvents) -> IngestReceipt:
        """Take all events and forget them."""
        return IngestReceipt(accepted=len(request.events), duplicates=0, refused=())


def cycle(number: int) -> CycleRecord:
    """Make a running Cycle."""
    return CycleRecord(
        subject_id=f"INC{number:07}",
        policy_key="resolution",
        policy_version=1,
        metric="resolution",
        cycle=1,
        target="P1",
        target_us=14_400_000_000,
        calendar_key="sao-paulo",
        calendar_version=1,
        calendar_rule="default",
        phase="RUNNING",
        outcome="PENDING",
        started_at=NOON,
        due_at=NOON + timedelta(hours=4),
        breached_at=None,
        stopped_at=None,
        elapsed_us=0,
        remaining_us=14_400_000_000,
        ticking=True,
        next_change_at=None,
        revision=0,
        choice=CycleChoice(
            covers="true",
            target_when="true",
            target_place=1,
            target_by_hand=False,
            calendar_rule="default",
            calendar_attribute=None,
            default_version=None,
        ),
        read_at=NOON,
    )


def event(number: int) -> dict[str, Any]:
    """Make an event as ServiceNow's log has them."""
    return {
        "eventId": f"INC{number // 6:07}-{number % 6}",
        "subjectId": f"INC{number // 6:07}",
        "occurredAt": (NOON + timedelta(minutes=number)).isoformat(),
        "type": "updated",
        "sequence": number % 6,
        "attributes": {"incident_state": "Active", "priority": "3", "assignment_group": "Group 70"},
    }


def session() -> Session:
    """Make the surroundings of one request."""
    context = RequestContext(tenant_id="demo", subject="key:1", scopes=frozenset(), request_id="r")
    doors = Doors(cast("Calendars", None), cast("Clocks", EmptyClocks()), cast("Credits", None))
    nothing = cast("Any", None)
    return Session(context=context, doors=doors, read_tenant=nothing, webhooks=nothing, tail=nothing)


async def best_ms(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the best round's milliseconds a call: what the machine allows when nobody else uses it."""
    rounds = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        for _ in range(times):
            await work()
        rounds.append((time.perf_counter() - began_s) / times * 1000)
    return min(rounds)


async def measure() -> None:
    """Measure both requests, the floor and the stock executor, and print them."""
    engine = Engine()
    cycles = msgspec.json.encode({"query": CYCLES, "variables": {"first": 50}})
    ingest = msgspec.json.encode({"query": INGEST, "variables": {"events": [event(n) for n in range(1_000)]}})

    async def answer(body: bytes) -> bytes:
        asked = REQUEST.decode(body)
        return msgspec.json.encode(await engine.answer(asked, session(), may_change=True))

    read = msgspec.json.decode(await answer(cycles), type=Answer)
    document = parse(CYCLES)

    async def floor() -> bytes:
        REQUEST.decode(cycles)
        return msgspec.json.encode(read)

    async def stock() -> bytes:
        result: Any = execute(
            executable_schema(), document, context_value=session(), variable_values={"first": 50}
        )
        return msgspec.json.encode((await result).data)

    page_ms = await best_ms(lambda: answer(cycles), 50)
    floor_ms = await best_ms(floor, 50)
    stock_ms = await best_ms(stock, 50)
    batch_ms = await best_ms(lambda: answer(ingest), 3)
    sys.stdout.write(
        f"GraphQL, 50 Cycles of 13 fields: {page_ms:.2f} ms; stock executor without parsing {stock_ms:.2f} ms"
        f" ({stock_ms / page_ms:.1f} times); JSON alone {floor_ms:.2f} ms\n"
        f"GraphQL, 1,000 events in: {batch_ms:.1f} ms, {batch_ms:.1f} µs an event\n"
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure())
