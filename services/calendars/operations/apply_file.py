"""Make one Calendar say what a file says, as a part of applying many."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from calendars.contract import Advice, AppliedCalendar, ApplyCalendars
from calendars.domain.calendar import Amendment, AmendMode, Calendar, amend, begin, holding_from
from calendars.domain.file_reading import FileVersion, ReadFile, says_the_same
from calendars.domain.placing import placed
from calendars.operations import amend_calendar, create_calendar
from calendars.operations.advise_on_document import advise_on
from calendars.operations.pin_imports import pin
from calendars.operations.plan_amendment import compare_saved
from calendars.storage import calendars
from pgstore.connection import Connection
from serving.context import RequestContext

__all__ = ["Terms", "apply_file"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What holds for all files of a request: as whom, now, when it was planned, from when amendments hold."""

    context: RequestContext
    request: ApplyCalendars
    now: datetime
    planned_at: datetime
    start: datetime


async def apply_file(connection: Connection, terms: Terms, file: ReadFile) -> AppliedCalendar:
    """Create the Calendar, amend it, or leave it alone; the book is locked. Raises the refusals, placed."""
    tenant_id, key = terms.context.tenant_id, file.key
    with placed(f"calendars[{file.place}]"):
        latest = await calendars.read_calendar(connection, tenant_id, key)
        said = await _pin(connection, terms, file, terms.planned_at if latest is None else terms.start)
        done = await _apply(connection, terms, file, latest, said)
        return replace(done, advice=tuple([each async for each in _advise(connection, terms, said)]))


async def _apply(
    connection: Connection,
    terms: Terms,
    file: ReadFile,
    latest: Calendar | None,
    said: Sequence[FileVersion],
) -> AppliedCalendar:
    key = file.key
    if latest is None:
        made = await _create(connection, terms, file, said)
        return AppliedCalendar(key=key, action="create", version=made.version, difference=None)
    if says_the_same(latest, file.name, said, terms.start):
        return AppliedCalendar(key=key, action="none", version=latest.version, difference=None)
    amended = latest
    for version in said:
        amended = await _amend(connection, terms, file, amended, version)
    difference = await compare_saved(connection, terms.context.tenant_id, (latest, amended), terms.start)
    return AppliedCalendar(key=key, action="amend", version=amended.version, difference=difference)


async def _advise(connection: Connection, terms: Terms, said: Sequence[FileVersion]) -> AsyncIterator[Advice]:
    """Advise on each document that a file says holds, by its place in the file."""
    for version in said:
        advice = await advise_on(connection, terms.context.tenant_id, version.document, terms.now)
        for each in advice:
            yield each.within(version.field)


async def _pin(connection: Connection, terms: Terms, file: ReadFile, start: datetime) -> list[FileVersion]:
    """Return what a file says from an instant on, with what it takes from ICS sources."""
    pinned = []
    for version in holding_from(file.versions, start):
        with placed(version.field):
            document = await pin(connection, terms.context.tenant_id, version.document)
        pinned.append(replace(version, document=document))
    return pinned


async def _create(
    connection: Connection, terms: Terms, file: ReadFile, said: Sequence[FileVersion]
) -> Calendar:
    first, by = said[0], terms.context.subject
    with placed(first.field):
        made = begin(key=file.key, name=file.name, document=first.document, by=by, now=terms.now)
        await create_calendar.save(connection, terms.context.tenant_id, made, terms.now)
    for version in said[1:]:
        made = await _amend(connection, terms, file, made, version)
    return made


async def _amend(
    connection: Connection, terms: Terms, file: ReadFile, before: Calendar, version: FileVersion
) -> Calendar:
    """Add one version: of the request's instant, or of its own where it begins later."""
    by, request = terms.context.subject, terms.request
    mode, start = AmendMode(request.mode), request.effective_from
    if version.effective_from is not None and version.effective_from > terms.start:
        start = version.effective_from
        mode = AmendMode.FORWARD if start > terms.planned_at else AmendMode.RESTATE
    amendment = Amendment(
        expected_version=before.version,
        document=version.document,
        mode=mode,
        effective_from=start,
        reason=request.reason,
        name=file.name,
    )
    with placed(version.field):
        amended = amend(before, amendment, by=by, now=terms.now, planned_at=terms.planned_at)
        await amend_calendar.save(connection, terms.context.tenant_id, amended, terms.now)
    return amended
