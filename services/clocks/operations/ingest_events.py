"""Take a batch of events: each once, the wrong ones refused, and the Cycles folded, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clocks.contract import IngestEvents, IngestReceipt, RefusedEvent
from clocks.domain.event import Event
from clocks.domain.refusals import BatchTooLargeError, UnsettledError
from clocks.operations.check_events import Batch, EventRefusal, check, conflict
from clocks.operations.fold_subjects import fold_subjects
from clocks.operations.load_rulebook import Rulebook, Rulebooks
from clocks.storage.events import insert_events, read_content_hashes
from clocks.storage.rulebooks import hold_rulebook
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.errors import TransactionConflictError
from serving.context import RequestContext

__all__ = ["MAX_BATCH", "Taken", "ingest"]

MAX_BATCH = 1_000
_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """The receipt, whether there is anything to tell, and the first threshold to be fired (None: none)."""

    receipt: IngestReceipt
    changed: bool
    due_at_us: int | None


async def ingest(
    context: RequestContext, request: IngestEvents, *, database: Database, rulebooks: Rulebooks
) -> Taken:
    """Take a batch. Raises BatchTooLargeError, UnsettledError, and what the database raises.

    Locks: rulebook (shared), events by id, Subjects by id, Cycles by key; two batches never wait crosswise.
    """
    if len(request.events) > MAX_BATCH:
        raise BatchTooLargeError(
            f"events: a batch holds {MAX_BATCH} at most, not {len(request.events)}", field="events"
        )
    batch = check(request.events)
    attempts = 0
    while batch.events:
        rulebook = await rulebooks.current(context)
        try:
            async with database.transaction(context.tenant_id) as connection:
                if await hold_rulebook(connection) == rulebook.revisions.revision:
                    return await _take(connection, rulebook, request, batch)
            await rulebooks.load(context)
        except _UnfitError as unfit:
            batch.refuse(unfit.refused)
            continue
        except TransactionConflictError:
            if attempts == _ATTEMPTS:
                raise
        attempts += 1
        if attempts > _ATTEMPTS:
            raise UnsettledError("policies or calendars change at this moment: try again")
    return _taken(request, batch, set(), {}, None)


class _UnfitError(Exception):
    """Some events cannot be folded: nothing is taken yet, and without them the others can be."""

    def __init__(self, refused: Mapping[str, EventRefusal]) -> None:
        super().__init__(f"{len(refused)} events cannot be folded")
        self.refused = refused


async def _take(connection: Connection, rulebook: Rulebook, request: IngestEvents, batch: Batch) -> Taken:
    taken = await insert_events(connection, list(batch.events.values()))
    refused = await _known_otherwise(connection, batch, taken)
    if not taken:
        return _taken(request, batch, taken, refused, None)
    folded = await fold_subjects(connection, rulebook, _by_subject(batch, taken), cause="events")
    if folded.failed:
        raise _UnfitError(_unfit(batch, taken, folded.failed))
    return _taken(request, batch, taken, refused, folded.due_at_us)


async def _known_otherwise(connection: Connection, batch: Batch, taken: set[str]) -> dict[str, EventRefusal]:
    """Tell the conflicts among the events that were known before."""
    known = [event_id for event_id in batch.events if event_id not in taken]
    if not known:
        return {}
    hashes = await read_content_hashes(connection, known)
    return {
        event_id: conflict(event_id)
        for event_id in known
        if hashes.get(event_id) != batch.events[event_id].content_hash
    }


def _by_subject(batch: Batch, taken: set[str]) -> Mapping[str, list[Event]]:
    events: dict[str, list[Event]] = {}
    for event_id, new in batch.events.items():
        if event_id in taken:
            events.setdefault(new.event.subject_id, []).append(new.event)
    return events


def _unfit(batch: Batch, taken: set[str], failed: Mapping[str, Exception]) -> dict[str, EventRefusal]:
    """Refuse the events of Subjects that could not be folded, with what the fold said."""
    refused = {}
    for event_id in taken:
        error = failed.get(batch.events[event_id].event.subject_id)
        if error is not None:
            code = getattr(error, "code", "fold_failed")
            refused[event_id] = EventRefusal(code, getattr(error, "field", None), str(error))
    return refused


def _taken(
    request: IngestEvents,
    batch: Batch,
    taken: set[str],
    refused: Mapping[str, EventRefusal],
    due_at_us: int | None,
) -> Taken:
    batch.refuse(refused)
    everything: tuple[RefusedEvent, ...] = tuple(sorted(batch.refused, key=lambda one: one.index))
    receipt = IngestReceipt(
        accepted=len(taken),
        duplicates=len(request.events) - len(taken) - len(everything),
        refused=everything,
    )
    return Taken(receipt=receipt, changed=bool(taken), due_at_us=due_at_us)
