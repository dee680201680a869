"""Decide about a pending edition: let it count, which amends the Calendars that name it, or turn it down."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime

from calendars.domain.advice import Advice
from calendars.domain.calendar import (
    Amendment,
    AmendMode,
    CalendarVersion,
    amend,
    holding_from,
    read_instant,
    read_reason,
)
from calendars.domain.calendar_file import AppliedCalendar
from calendars.domain.document import CalendarKey, Document
from calendars.domain.document_imports import SourceKey
from calendars.domain.ics_door import (
    AcceptedIcsEdition,
    AcceptIcsEdition,
    DismissIcsEdition,
    IcsSourceRecord,
)
from calendars.domain.ics_source import Decision, IcsSource
from calendars.domain.import_errors import EditionStaleError
from calendars.operations import amend_calendar
from calendars.operations.advise_on_document import advise_on
from calendars.operations.pin_imports import pin
from calendars.operations.plan_amendment import compare_amended
from calendars.operations.plan_effect import planned
from calendars.operations.read_calendar import load
from calendars.operations.read_ics_source import lock, read_source_key, record
from calendars.storage import calendars, ics_sources
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["accept", "amend_importers", "dismiss"]


async def accept(
    context: RequestContext, request: AcceptIcsEdition, *, database: Database, now: datetime
) -> AcceptedIcsEdition:
    """Let it count, or plan to: every Calendar whose latest version names the source is amended, all or none.

    Raises SourceUnknownError, EditionStaleError, and what amending raises.
    """
    key = read_source_key(request.key)

    async def effect() -> AcceptedIcsEdition:
        source = await _waiting(connection, context, key, request.edition)
        accepted = replace(source, accepted=request.edition, pending=None)
        await ics_sources.set_standing(connection, context.tenant_id, accepted)
        await _write(connection, context, request, Decision.ACCEPTED, now)
        amended = await amend_importers(connection, context, request, now=now)
        return AcceptedIcsEdition(
            source=await record(connection, context.tenant_id, key), calendars=tuple(amended)
        )

    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        if request.plan:
            return await planned(connection, effect)
        return await once(
            connection,
            key=context.idempotency_key,
            operation="accept_ics_edition",
            request=request,
            answer_type=AcceptedIcsEdition,
            effect=effect,
        )


async def dismiss(
    context: RequestContext, request: DismissIcsEdition, *, database: Database, now: datetime
) -> IcsSourceRecord:
    """Turn it down. Raises SourceUnknownError, EditionStaleError."""
    key = read_source_key(request.key)
    async with database.transaction(context.tenant_id) as connection:
        source = await _waiting(connection, context, key, request.edition)
        dismissed = replace(source, pending=None, dismissed=request.edition)
        await ics_sources.set_standing(connection, context.tenant_id, dismissed)
        await _write(connection, context, request, Decision.DISMISSED, now)
        return await record(connection, context.tenant_id, key)


async def amend_importers(
    connection: Connection,
    context: RequestContext,
    request: AcceptIcsEdition,
    *,
    now: datetime,
    planned_at: datetime | None = None,
    apart_from: Container[str] = (),
) -> list[AppliedCalendar]:
    """Amend the Calendars that take the source, which has moved on; the book is locked. Raises the refusals.

    apart_from: keys of those that are left as they are.
    """
    importers = await ics_sources.list_ever_importers(connection, context.tenant_id, SourceKey(request.key))
    amended = [
        await _amend(connection, context, CalendarKey(each), request, (now, planned_at or now))
        for each in importers
        if each not in apart_from
    ]
    return [each for each in amended if each is not None]


async def _waiting(
    connection: Connection, context: RequestContext, key: SourceKey, edition: int
) -> IcsSource:
    """Hold a source of which that very edition waits. Raises SourceUnknownError, EditionStaleError."""
    source = await lock(connection, context.tenant_id, key)
    if source.pending != edition:
        waits = "none waits" if source.pending is None else f"{source.pending} waits"
        raise EditionStaleError(
            f"edition: {edition} of ICS source {key!r} does not wait for a decision; {waits}", field="edition"
        )
    return source


async def _write(
    connection: Connection,
    context: RequestContext,
    request: AcceptIcsEdition | DismissIcsEdition,
    decision: Decision,
    now: datetime,
) -> None:
    await ics_sources.add_decision(
        connection,
        context.tenant_id,
        SourceKey(request.key),
        request.edition,
        decision=decision,
        at=now,
        by=context.subject,
        reason=read_reason(request.reason),
    )


async def _amend(
    connection: Connection,
    context: RequestContext,
    key: CalendarKey,
    request: AcceptIcsEdition,
    times: tuple[datetime, datetime],
) -> AppliedCalendar | None:
    """Say again what holds from then on, with what counts now; None where nothing of it takes the source.

    Versions that begin later are said again as well, at their own instants: none of them comes early.
    times: now, and when it was planned.
    """
    now, planned_at = times
    tenant_id, start = context.tenant_id, planned_at
    if request.effective_from is not None:
        start = read_instant(request.effective_from, field="effective_from")
    before = amended = await load(connection, tenant_id, key)
    holding = holding_from(before.versions, start)
    source = SourceKey(request.key)
    if not any(one.source == source for version in holding for one in version.document.imports):
        return None
    advice: list[Advice] = []
    for place, version in enumerate(holding):
        document = await pin(connection, tenant_id, version.document.unpinned(source))
        amendment = _amendment(request, document, version if place else None, planned_at)
        amendment = replace(amendment, expected_version=amended.version)
        amended = amend(amended, amendment, by=context.subject, now=now, planned_at=planned_at)
        await amend_calendar.save(connection, tenant_id, amended, now)
        advice += await advise_on(connection, tenant_id, document, now)
    outlines = await calendars.read_outlines(connection, tenant_id, [key])
    book = await calendars.read_book(connection, tenant_id, outlines)
    difference = await compare_amended({**book, key: before}, amended, start)
    return AppliedCalendar(
        key=key,
        action="amend",
        version=amended.version,
        difference=difference,
        advice=tuple(dict.fromkeys(advice)),
    )


def _amendment(
    request: AcceptIcsEdition, document: Document, later: CalendarVersion | None, now: datetime
) -> Amendment:
    """Return what is said from the request's instant on, or at that of a version that begins later."""
    mode, start = AmendMode(request.mode), request.effective_from
    if later is not None and later.effective_from is not None:
        start = later.effective_from
        mode = AmendMode.FORWARD if start > now else AmendMode.RESTATE
    reason = request.reason
    if not reason and request.mode == "FORWARD":
        reason = f"edition {request.edition} of ICS source {request.key} was accepted"
    return Amendment(expected_version=0, document=document, mode=mode, effective_from=start, reason=reason)
