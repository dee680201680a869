"""Sending an export's events through the gateway: batches, a few in flight, each subject's in order.

Events go into lanes by a hash of their subject. A lane has one batch in flight, so the events of a subject
arrive in the order of the file (the services do not depend on it: they sort late events themselves, but
folding forward is faster). What each lane sends is the same in every run over the same file, so a count a
lane is all that a later run needs to go on.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cli.checkpoint import Checkpoint, Refused, Taken
from cli.events import BadRow, EventRow
from cli.graphql import GatewayClient

__all__ = ["BATCH", "LANES", "Tally", "send_rows"]

BATCH = 500
LANES = 4

_INT32 = range(-(2**31), 2**31)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INGEST = """
mutation Import($events: [EventInput!]!) {
  ingestEvents(input: {events: $events}) {
    accepted
    duplicates
    refused { index code message }
    errors { code kind field message }
  }
}
"""


@dataclass(kw_only=True)
class Tally:
    """What has become of an export's rows so far; rows = events + bad rows.

    resumed: events that an earlier run had sent already; they are in the other counts too.
    """

    accepted: int = 0
    duplicates: int = 0
    resumed: int = 0
    refused: list[Refused] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows are accounted for."""
        return self.accepted + self.duplicates + len(self.refused) + len(self.bad_rows)

    def add(self, taken: Taken) -> None:
        """Count a batch that was taken."""
        self.accepted += taken.accepted
        self.duplicates += taken.duplicates
        self.refused.extend(taken.refused)


class _Outgoing(NamedTuple):
    """Events of one lane, and the lines that they stand on."""

    lines: list[int]
    events: list[dict[str, Any]]


async def send_rows(
    rows: Iterable[EventRow | BadRow],
    client: GatewayClient,
    checkpoint: Checkpoint,
    *,
    progress: Callable[[Tally], None] = lambda _: None,
    batch: int = BATCH,
    lanes: int = LANES,
) -> Tally:
    """Send all events and account for every row; raises what the gateway raises, with the checkpoint kept."""
    tally = Tally()
    for taken in checkpoint.taken():
        tally.add(taken)
        tally.resumed += taken.events
    sent = [0] * lanes
    for taken in checkpoint.taken():
        sent[taken.lane] += taken.events

    async def send(lane: int, outgoing: _Outgoing) -> None:
        payload = await client.change(_INGEST, {"events": outgoing.events}, patient=True)
        taken = _taken(lane, outgoing, payload)
        checkpoint.add(taken)
        tally.add(taken)
        progress(tally)

    async with _open_lanes(lanes, send) as queues:
        await _fill(rows, queues, tally, skip=sent, batch=batch)
    progress(tally)
    return tally


async def _fill(
    rows: Iterable[EventRow | BadRow],
    queues: Sequence[asyncio.Queue[_Outgoing | None]],
    tally: Tally,
    *,
    skip: list[int],
    batch: int,
) -> None:
    """Put events into their lanes, but for the first ones of each that were sent before."""
    waiting = [_Outgoing([], []) for _ in queues]
    for row in rows:
        if isinstance(row, BadRow) or row.event.sequence not in _INT32:
            tally.bad_rows.append(row if isinstance(row, BadRow) else _too_large(row))
            continue
        lane = zlib.crc32(row.event.subject_id.encode()) % len(queues)
        if skip[lane]:
            skip[lane] -= 1
            continue
        outgoing = waiting[lane]
        outgoing.lines.append(row.line)
        outgoing.events.append(_input(row))
        if len(outgoing.events) == batch:
            await queues[lane].put(outgoing)
            waiting[lane] = _Outgoing([], [])
    for queue, outgoing in zip(queues, waiting, strict=True):
        if outgoing.events:
            await queue.put(outgoing)


@asynccontextmanager
async def _open_lanes(
    count: int, send: Callable[[int, _Outgoing], Any]
) -> AsyncIterator[list[asyncio.Queue[_Outgoing | None]]]:
    """Run a sender a lane; at the block's end all that was put is sent. The first failure ends them all."""
    queues: list[asyncio.Queue[_Outgoing | None]] = [asyncio.Queue(maxsize=1) for _ in range(count)]

    async def run(lane: int) -> None:
        while outgoing := await queues[lane].get():
            await send(lane, outgoing)

    try:
        async with asyncio.TaskGroup() as group:
            for lane in range(count):
                group.create_task(run(lane))
            yield queues
            for queue in queues:
                await queue.put(None)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _taken(lane: int, outgoing: _Outgoing, payload: dict[str, Any]) -> Taken:
    return Taken(
        lane=lane,
        events=len(outgoing.events),
        accepted=payload["accepted"],
        duplicates=payload["duplicates"],
        refused=tuple(
            Refused(
                line=outgoing.lines[refused["index"]],
                event_id=outgoing.events[refused["index"]]["eventId"],
                code=refused["code"],
                message=refused["message"],
            )
            for refused in payload["refused"]
        ),
    )


def _input(row: EventRow) -> dict[str, Any]:
    event = row.event
    return {
        "eventId": event.event_id,
        "subjectId": event.subject_id,
        "occurredAt": _EPOCH + timedelta(microseconds=event.occurred_at_us),
        "type": event.type,
        "sequence": event.sequence,
        "attributes": event.attributes,
    }


def _too_large(row: EventRow) -> BadRow:
    return BadRow(row.line, f"the sequence {row.event.sequence} does not fit in 32 bits")
