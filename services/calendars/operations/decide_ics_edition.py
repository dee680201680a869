"""Decide about a pending edition: let it count, which amends the Calendars that name it, or turn it down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from calendars.domain.calendar import Amendment, AmendMode, amend
from calendars.domain.calendar_file import AppliedCalendar
from calendars.domain.document import CalendarKey
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
from calendars.operations.pin_imports import pin
from calendars.operations.plan_amendment import compare_saved
from calendars.operations.plan_effect import planned
from calendars.operations.read_calendar import load
from calendars.operations.read_ics_source import lock, read_source_key, record
from calendars.storage import calendars, ics_sources
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["accept", "dismiss"]


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
        importers = await ics_sources.list_importers(connection, context.tenant_id, [key])
        amended = [
            await _amend(connection, context, CalendarKey(each), request, now)
            for each in importers.get(key, ())
        ]
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
        reason=request.reason or None,
    )


async def _amend(
    connection: Connection,
    context: RequestContext,
    key: CalendarKey,
    request: AcceptIcsEdition,
    now: datetime,
) -> AppliedCalendar:
    tenant_id = context.tenant_id
    latest = await load(connection, tenant_id, key)
    document = latest.versions[-1].document.unpinned(SourceKey(request.key))
    amendment = Amendment(
        expected_version=latest.version,
        document=await pin(connection, tenant_id, document),
        mode=AmendMode(request.mode),
        effective_from=request.effective_from,
        reason=request.reason
        if request.mode == "RESTATE" or request.reason
        else f"edition {request.edition} of ICS source {request.key} was accepted",
    )
    amended = amend(latest, amendment, by=context.subject, now=now)
    await amend_calendar.save(connection, tenant_id, amended, now)
    difference = await compare_saved(connection, tenant_id, (latest, amended), now)
    return AppliedCalendar(key=key, action="amend", version=amended.version, difference=difference)
