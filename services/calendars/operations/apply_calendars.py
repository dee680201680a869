"""Make Calendars say what files say, all or none; or plan it: do all of it, tell, and take it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from calendars.contract import AppliedCalendar, AppliedCalendars, ApplyCalendars, CalendarFile
from calendars.domain.calendar import Amendment, AmendMode, Calendar, amend, begin
from calendars.domain.document import CalendarKey, Document, read_document, read_key
from calendars.domain.errors import (
    BatchTooLargeError,
    CalendarsError,
    KeysRepeatedError,
    ReferenceCycleError,
)
from calendars.operations import amend_calendar, create_calendar
from calendars.operations.pin_imports import pin
from calendars.operations.plan_amendment import compare_saved
from calendars.operations.plan_effect import planned
from calendars.storage import calendars
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["MAX_FILES", "apply"]

MAX_FILES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """A file that reads: its place in the request, and what it says."""

    place: int
    name: str
    key: CalendarKey
    document: Document


async def apply(
    context: RequestContext, request: ApplyCalendars, *, database: Database, now: datetime
) -> AppliedCalendars:
    """Create what is new and amend what differs, in an order in which each finds what it is made of.

    Raises what creating and amending raise, with the file's place, and KeysRepeatedError, BatchTooLargeError.
    """
    files = _read_files(request.calendars)

    async def effect() -> AppliedCalendars:
        done = [await _apply_one(connection, context, request, file, now) for file in _in_order(files)]
        places = {file.key: file.place for file in files}
        return AppliedCalendars(calendars=tuple(sorted(done, key=lambda each: places[CalendarKey(each.key)])))

    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        if request.plan:
            return await planned(connection, effect)
        return await once(
            connection,
            key=context.idempotency_key,
            operation="apply_calendars",
            request=request,
            answer_type=AppliedCalendars,
            effect=effect,
        )


async def _apply_one(
    connection: Connection, context: RequestContext, request: ApplyCalendars, file: _File, now: datetime
) -> AppliedCalendar:
    tenant_id = context.tenant_id
    with _placed(file.place):
        file = replace(file, document=await pin(connection, tenant_id, file.document))
        latest = await calendars.read_calendar(connection, tenant_id, file.key)
        if latest is None:
            calendar = begin(
                key=file.key, name=file.name, document=file.document, by=context.subject, now=now
            )
            await create_calendar.save(connection, tenant_id, calendar, now)
            return AppliedCalendar(key=file.key, action="create", version=1, difference=None)
        if _says_the_same(latest, file):
            return AppliedCalendar(key=file.key, action="none", version=latest.version, difference=None)
        amended = amend(latest, _amendment(request, file, latest), by=context.subject, now=now)
        await amend_calendar.save(connection, tenant_id, amended, now)
        difference = await compare_saved(connection, tenant_id, (latest, amended), now)
        return AppliedCalendar(key=file.key, action="amend", version=amended.version, difference=difference)


def _amendment(request: ApplyCalendars, file: _File, latest: Calendar) -> Amendment:
    return Amendment(
        expected_version=latest.version,
        document=file.document,
        mode=AmendMode(request.mode),
        effective_from=request.effective_from,
        reason=request.reason,
        name=file.name,
    )


def _read_files(given: Sequence[CalendarFile]) -> list[_File]:
    if len(given) > MAX_FILES:
        raise BatchTooLargeError(f"calendars: holds {len(given)}, {MAX_FILES} at most", field="calendars")
    files: dict[CalendarKey, _File] = {}
    for place, each in enumerate(given):
        with _placed(place):
            key = read_key(each.key)
            if key in files:
                raise KeysRepeatedError(f"key: {key!r} is named twice", field="key")
            files[key] = _File(place=place, name=each.name, key=key, document=read_document(each.document))
    return list(files.values())


def _in_order(files: Sequence[_File]) -> list[_File]:
    """Put files behind those that they are made of. Raises ReferenceCycleError."""
    by_key = {file.key: file for file in files}
    graph = {
        file.key: [reference.key for reference in file.document.references if reference.key in by_key]
        for file in files
    }
    try:
        return [by_key[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        way = " → ".join(reversed(error.args[1]))
        raise ReferenceCycleError(
            f"calendars: would be made of themselves: {way}", field="calendars"
        ) from error


def _says_the_same(latest: Calendar, file: _File) -> bool:
    """Say whether a file says nothing new, neither in its document nor by its name."""
    return latest.versions[-1].document.digest == file.document.digest and latest.name == file.name.strip()


@contextmanager
def _placed(place: int) -> Iterator[None]:
    """Say in an error which file it is about."""
    try:
        yield
    except CalendarsError as error:
        within = f"calendars[{place}]"
        error.args = (f"{within}.{error}",)
        error.field = f"{within}.{error.field}" if error.field else within
        raise
