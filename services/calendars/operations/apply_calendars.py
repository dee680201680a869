"""Make Calendars and ICS sources say what files say, all or none. A plan does so, and takes it back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from calendars.contract import (
    AcceptIcsEdition,
    AppliedCalendars,
    AppliedIcsSource,
    ApplyCalendars,
    CalendarFile,
    PlannedChange,
)
from calendars.domain.calendar import read_instant
from calendars.domain.document import CalendarKey
from calendars.domain.errors import BatchTooLargeError, KeysRepeatedError, ReferenceCycleError
from calendars.domain.file_reading import ReadFile, read_file
from calendars.domain.placing import placed
from calendars.domain.plan_token import check_token, planned_at, write_token
from calendars.operations.apply_file import Terms, apply_file
from calendars.operations.apply_ics_sources import SourceFile, apply_source, read_files
from calendars.operations.decide_ics_edition import amend_importers
from calendars.operations.plan_amendment import compile_records, read_versions
from calendars.operations.plan_effect import planned
from calendars.operations.refresh_ics_source import FeedAccess
from calendars.storage import calendars, ics_sources
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["MAX_FILES", "apply"]

MAX_FILES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """A request that reads: its files, those that others are made of first, and its sources."""

    terms: Terms
    files: Sequence[ReadFile]
    sources: Sequence[SourceFile]

    @property
    def tenant_id(self) -> str:
        """Whose it is."""
        return self.terms.context.tenant_id

    @property
    def asked(self) -> ApplyCalendars:
        """The request, as it is the same for a plan and for applying it."""
        return replace(self.terms.request, plan=False, plan_token=None)


async def apply(
    context: RequestContext, request: ApplyCalendars, *, database: Database, access: FeedAccess, now: datetime
) -> AppliedCalendars:
    """Create what is new and amend what differs, in an order in which each finds what it is made of.

    Raises what creating and amending, and sources, raise, with the file's place; KeysRepeatedError,
    BatchTooLargeError, PlanStaleError.
    """
    at = planned_at(request.plan_token, now=now)
    asked = request.effective_from
    terms = Terms(
        context=context,
        request=request,
        now=now,
        planned_at=at,
        start=at if asked is None else read_instant(asked, field="effective_from"),
    )
    work = _Work(
        terms=terms,
        files=_in_order(_read_files(request.calendars)),
        sources=await read_files(context, request.sources, database=database, access=access, now=now),
    )

    async def effect() -> AppliedCalendars:
        facts = await _read_facts(connection, work)
        check_token(request.plan_token, work.asked, facts, at=at)
        done = await _apply_all(connection, work)
        if not request.plan:
            return done
        token = write_token(work.asked, facts, at=at)
        return replace(done, planned=await _plan(connection, work, done, token))

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


async def _apply_all(connection: Connection, work: _Work) -> AppliedCalendars:
    """Apply the sources, then the files, then what takes from the sources and has no file."""
    terms = work.terms
    sources = [
        await apply_source(connection, terms.context, terms.request, each, terms.now) for each in work.sources
    ]
    done = [await apply_file(connection, terms, file) for file in work.files]
    places = {file.key: file.place for file in work.files}
    done.sort(key=lambda each: places[CalendarKey(each.key)])
    for source in sources:
        if source.difference is not None:
            done += await amend_importers(
                connection,
                terms.context,
                _acceptance(terms.request, source),
                now=terms.now,
                planned_at=terms.planned_at,
                apart_from=places.keys(),
            )
    return AppliedCalendars(calendars=tuple(done), sources=tuple(sources))


async def _read_facts(connection: Connection, work: _Work) -> dict[str, object]:
    """Read all that a plan of these files rests on, before anything of it is done."""
    documents = [version.document for file in work.files for version in file.versions]
    named = {reference.key for document in documents for reference in document.references}
    imports = {one.source for document in documents for one in document.imports}
    sources = {file.source.key for file in work.sources}
    takers = (await ics_sources.list_importers(connection, work.tenant_id, sources)).values()
    keys = {*(file.key for file in work.files), *(CalendarKey(each) for some in takers for each in some)}
    affected = await calendars.list_dependants(connection, work.tenant_id, sorted(keys))
    return {
        "versions": await read_versions(connection, work.tenant_id, {*keys, *named, *affected}),
        "accepted": await ics_sources.read_accepted(connection, work.tenant_id, imports | sources),
        "said": [file.digest for file in work.sources],
    }


async def _plan(connection: Connection, work: _Work, done: AppliedCalendars, token: str) -> PlannedChange:
    """Say what would become of hours: what was changed stands in the book as it would, and is taken back."""
    changed = sorted({CalendarKey(each.key) for each in done.calendars if each.action == "amend"})
    dependants = await calendars.list_dependants(connection, work.tenant_id, changed)
    created = {each.key for each in done.calendars if each.action == "create"}
    affected = (*changed, *(key for key in dependants if key not in created))
    outlines = await calendars.read_outlines(connection, work.tenant_id, affected)
    book = await calendars.read_book(connection, work.tenant_id, outlines)
    return PlannedChange(
        effective_from=work.terms.start,
        affected=affected,
        timelines=await asyncio.to_thread(compile_records, affected, book, work.terms.now),
        token=token,
    )


def _acceptance(request: ApplyCalendars, source: AppliedIcsSource) -> AcceptIcsEdition:
    return AcceptIcsEdition(
        key=source.key,
        edition=source.edition,
        mode=request.mode,
        effective_from=request.effective_from,
        reason=request.reason,
    )


def _read_files(given: Sequence[CalendarFile]) -> list[ReadFile]:
    if len(given) > MAX_FILES:
        raise BatchTooLargeError(f"calendars: holds {len(given)}, {MAX_FILES} at most", field="calendars")
    files: dict[CalendarKey, ReadFile] = {}
    for place, each in enumerate(given):
        with placed(f"calendars[{place}]"):
            file = read_file(each, place=place)
            if file.key in files:
                raise KeysRepeatedError(f"key: {file.key!r} is named twice", field="key")
            files[file.key] = file
    return list(files.values())


def _in_order(files: Sequence[ReadFile]) -> list[ReadFile]:
    """Put files behind those that they are made of. Raises ReferenceCycleError."""
    by_key = {file.key: file for file in files}
    graph = {
        file.key: [
            reference.key
            for version in file.versions
            for reference in version.document.references
            if reference.key in by_key
        ]
        for file in files
    }
    try:
        return [by_key[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        way = " → ".join(reversed(error.args[1]))
        raise ReferenceCycleError(
            f"calendars: would be made of themselves: {way}", field="calendars"
        ) from error
