"""Take a batch of events: each once, the wrong ones refused, and the Cycles folded, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clocks.contract import IngestEvents, IngestReceipt, RefusedEvent
from clocks.domain.refusals import BatchTooLargeError, UnsettledError
from clocks.operations.check_events import Batch, EventRefusal, check, conflict
from clocks.operations.fold_subjects import fold_subjects
from clocks.operations.load_rulebook import Rulebook, Rulebooks
from clocks.storage.events import NewEvent, read_content_hashes
from clocks.storage.rulebooks import hold_rulebook
from clocks.storage.subjects import lock_subjects, make_subjects
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

    Locks: rulebook (shared), Subjects by id, events by id, Cycles by key; two batches never wait crosswise.
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
    return _taken(request, batch, 0, None)


class _UnfitError(Exception):
    """Some events are not to be taken: nothing is written yet, and without them the others can be."""

    def __init__(self, refused: Mapping[str, EventRefusal]) -> None:
        super().__init__(f"{len(refused)} events are not to be taken")
        self.refused = refused


async def _take(connection: Connection, rulebook: Rulebook, request: IngestEvents, batch: Batch) -> Taken:
    """Take what is new. What is known is settled once the Subjects are locked: rivals with the same wait."""
    subject_ids = sorted({new.event.subject_id for new in batch.events.values()})
    await make_subjects(connection, subject_ids)
    locked = await lock_subjects(connection, subject_ids)
    known = await read_content_hashes(connection, list(batch.events))
    if any(content_hash != batch.events[event_id].content_hash for event_id, content_hash in known.items()):
        raise _UnfitError(_conflicts(batch, known))
    new = [one for event_id, one in batch.events.items() if event_id not in known]
    folded = await fold_subjects(connection, rulebook, locked, new, cause="events")
    if folded.failed:
        raise _UnfitError(_unfit(new, folded.failed))
    return _taken(request, batch, len(new), folded.due_at_us)


def _conflicts(batch: Batch, known: Mapping[str, bytes]) -> dict[str, EventRefusal]:
    """Refuse events whose ids are taken by others."""
    return {
        event_id: conflict(event_id)
        for event_id, content_hash in known.items()
        if content_hash != batch.events[event_id].content_hash
    }


def _unfit(new: Iterable[NewEvent], failed: Mapping[str, Exception]) -> dict[str, EventRefusal]:
    """Refuse the events of Subjects that could not be folded, with what the fold said."""
    refused = {}
    for one in new:
        error = failed.get(one.event.subject_id)
        if error is not None:
            code = getattr(error, "code", "fold_failed")
            refused[one.event.event_id] = EventRefusal(code, getattr(error, "field", None), str(error))
    return refused


def _taken(request: IngestEvents, batch: Batch, accepted: int, due_at_us: int | None) -> Taken:
    refused: tuple[RefusedEvent, ...] = tuple(sorted(batch.refused, key=lambda one: one.index))
    receipt = IngestReceipt(
        accepted=accepted, duplicates=len(request.events) - accepted - len(refused), refused=refused
    )
    return Taken(receipt=receipt, changed=accepted > 0, due_at_us=due_at_us)
