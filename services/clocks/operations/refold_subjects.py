"""Look at Subjects again after a change of policies or Calendars, a bounded batch at a time.

A change leaves its work in the transaction in which it is made; workers take it up, several at once if
there are several tenants, and a killed one loses no more than the batch in hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from businesstime import BusinessTimeError
from clocks.operations.fold_subjects import fold_subjects
from clocks.operations.load_rulebook import Rulebook, Rulebooks
from clocks.operations.redate_cycles import redate
from clocks.storage.refolds import (
    Refold,
    advance_refold,
    claim_refold,
    delete_refold,
    postpone_refold,
    subjects_to_refold,
    tenants_to_refold,
    widen_refold,
)
from clocks.storage.rulebooks import hold_rulebook
from clocks.storage.subjects import lock_subjects
from pgstore.connection import Connection
from pgstore.database import Database, savepoint
from serving.context import RequestContext

__all__ = ["Refolded", "refold", "waiting_tenants"]

_MAX_SUBJECTS = 200
_MAX_TENANTS = 100
_LOG = structlog.get_logger("refold")
_FAILED = Counter(
    "clocks_refold_failures", "Batches of work after a change of rules that failed, and were put off"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refolded:
    """A batch: how many Subjects were looked at; 0: to be tried again; None: there is no work."""

    subjects: int | None


async def waiting_tenants(database: Database) -> list[str]:
    """List tenants for which work is left, some of them."""
    async with database.connection() as connection:
        return list(await tenants_to_refold(connection, limit=_MAX_TENANTS))


async def refold(context: RequestContext, *, database: Database, rulebooks: Rulebooks) -> Refolded:
    """Do the next batch of a tenant's oldest work, in one transaction; work that fails is put off.

    Raises what comes of a database that does not answer.
    """
    try:
        return await _do(context, database=database, rulebooks=rulebooks)
    except Exception as error:  # noqa: BLE001 - whatever it runs into is for this tenant alone
        _LOG.exception("work put off", tenant=context.tenant_id)
        _FAILED.inc()
        async with database.transaction(context.tenant_id) as connection:
            await postpone_refold(connection, reason=str(error) or type(error).__name__)
        return Refolded(subjects=0)


async def _do(context: RequestContext, *, database: Database, rulebooks: Rulebooks) -> Refolded:
    rulebook = await rulebooks.current(context)
    async with database.transaction(context.tenant_id) as connection:
        if await hold_rulebook(connection) == rulebook.revisions.revision:
            work = await claim_refold(connection)
            if work is None:
                return Refolded(subjects=None)
            if work.scope == "plain":
                return await _redate(connection, rulebook, work)
            return await _refold(connection, rulebook, work)
    await rulebooks.load(context)
    return Refolded(subjects=0)


async def _redate(connection: Connection, rulebook: Rulebook, work: Refold) -> Refolded:
    """Count plain Cycles; where one of them cannot be counted, all are looked at one by one."""
    try:
        async with savepoint(connection):
            redated = await redate(connection, rulebook, work)
    except BusinessTimeError:
        await widen_refold(connection, work)
        return Refolded(subjects=0)
    if redated.last_subject_id is None:
        await delete_refold(connection, work)
    else:
        await advance_refold(connection, work, after_subject_id=redated.last_subject_id)
    return Refolded(subjects=redated.cycles)


async def _refold(connection: Connection, rulebook: Rulebook, work: Refold) -> Refolded:
    subject_ids = await subjects_to_refold(connection, work, limit=_MAX_SUBJECTS)
    if subject_ids:
        await _fold(connection, rulebook, work, subject_ids)
    if len(subject_ids) < _MAX_SUBJECTS:
        await delete_refold(connection, work)
    else:
        await advance_refold(connection, work, after_subject_id=subject_ids[-1])
    return Refolded(subjects=len(subject_ids))


async def _fold(connection: Connection, rulebook: Rulebook, work: Refold, subject_ids: list[str]) -> None:
    locked = await lock_subjects(connection, subject_ids)
    folded = await fold_subjects(connection, rulebook, locked, cause=work.cause, anew=True)
    for subject_id, error in folded.failed.items():
        _LOG.error("subject left as it stands", subject=subject_id, cause=work.cause, reason=str(error))
