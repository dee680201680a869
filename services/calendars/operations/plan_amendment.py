"""Plan an amendment: what it would mean in days and hours, and for which Calendars; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from businesstime import Timeline, compile_schedule
from calendars.contract import AmendCalendar, AmendmentPlan, TimelineRecord
from calendars.domain.calendar import Amendment, AmendMode, Calendar, amend
from calendars.domain.definition import horizon_at
from calendars.domain.document import CalendarKey, Document, read_document, read_key
from calendars.domain.plan_token import check_token, planned_at, write_token
from calendars.domain.resolution import Book, schedule_of
from calendars.domain.version_difference import CalendarDifference, difference_between
from calendars.operations.advise_on_document import advise_on
from calendars.operations.check_definition import check_definition
from calendars.operations.pin_imports import pin_amendment
from calendars.operations.read_calendar import load
from calendars.storage import calendars
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = [
    "amendment_of",
    "compare_amended",
    "compare_saved",
    "compile_records",
    "hold_to_plan",
    "plan",
    "read_versions",
]

YEAR = timedelta(days=366)


async def plan(
    context: RequestContext, request: AmendCalendar, *, database: Database, now: datetime
) -> AmendmentPlan:
    """Say what the amendment would mean; refused for whatever the amendment itself would be refused for."""
    tenant_id, key, amendment = context.tenant_id, read_key(request.key), amendment_of(request)
    async with database.transaction(tenant_id, isolation="repeatable read", read_only=True) as connection:
        calendar = await load(connection, tenant_id, key)
        amendment = await pin_amendment(connection, tenant_id, amendment)
        amended = amend(calendar, amendment, by=context.subject, now=now)
        affected = (key, *await check_definition(connection, tenant_id, amended, horizon_at(now)))
        book = await _read_book(connection, tenant_id, affected, amendment.document)
        facts = await _read_facts(connection, tenant_id, key, amendment.document)
        advice = await advise_on(connection, tenant_id, amendment.document, now)
    after = {**book, key: amended}
    start = amended.versions[-1].effective_from or now
    return AmendmentPlan(
        key=key,
        version=amended.version,
        effective_from=start,
        difference=await compare_amended(book, amended, start),
        affected=affected,
        timelines=await asyncio.to_thread(compile_records, affected, after, now),
        token=write_token(_asked(request), facts, at=now),
        advice=advice,
    )


def amendment_of(request: AmendCalendar) -> Amendment:
    """Read what a request wants changed. Raises what `read_document` raises."""
    return Amendment(
        expected_version=request.expected_version,
        document=read_document(request.document),
        mode=AmendMode(request.mode),
        effective_from=request.effective_from,
        reason=request.reason,
        name=request.name,
    )


async def hold_to_plan(
    connection: Connection, tenant_id: str, request: AmendCalendar, document: Document, *, now: datetime
) -> datetime:
    """Return when the amendment was planned; now if it was not. The book is locked. Raises PlanStaleError."""
    at = planned_at(request.plan_token, now=now)
    if request.plan_token is not None:
        facts = await _read_facts(connection, tenant_id, read_key(request.key), document)
        check_token(request.plan_token, _asked(request), facts, at=at)
    return at


async def compare_amended(book: Book, amended: Calendar, start: datetime) -> CalendarDifference:
    """Compare a Calendar of a book with its amended self, for a year from when the amendment holds."""
    key, horizon = amended.key, horizon_at(start)

    def line(whole: Book) -> Timeline:
        return compile_schedule(schedule_of(key, whole), start=horizon.start, end=horizon.end)

    return await asyncio.to_thread(
        lambda: difference_between(
            line(book),
            line({**book, key: amended}),
            key=key,
            versions=(book[key].version, amended.version),
            start=start,
            end=start + YEAR,
        )
    )


async def compare_saved(
    connection: Connection, tenant_id: str, pair: tuple[Calendar, Calendar], start: datetime
) -> CalendarDifference:
    """Compare a Calendar with its amended self, which is saved already, for a year from an instant on."""
    latest, amended = pair
    outlines = await calendars.read_outlines(connection, tenant_id, [amended.key])
    book = await calendars.read_book(connection, tenant_id, outlines)
    return await compare_amended({**book, latest.key: latest}, amended, start)


async def _read_book(
    connection: Connection, tenant_id: str, affected: Iterable[CalendarKey], document: Document
) -> Book:
    """Read the Calendars affected, what they are made of, and what the new document names."""
    named = {reference.key for reference in document.references}
    outlines = await calendars.read_outlines(connection, tenant_id, {*affected, *named})
    return await calendars.read_book(connection, tenant_id, outlines)


async def _read_facts(
    connection: Connection, tenant_id: str, key: CalendarKey, document: Document
) -> Mapping[str, object]:
    """Read all that a plan of an amendment rests on."""
    affected = (key, *await calendars.list_dependants(connection, tenant_id, [key]))
    named = {reference.key for reference in document.references}
    versions = await read_versions(connection, tenant_id, {*affected, *named})
    return {"versions": versions, "document": document.digest.hex()}


async def read_versions(
    connection: Connection, tenant_id: str, keys: Iterable[CalendarKey]
) -> Mapping[CalendarKey, int]:
    """Read the latest versions, which are never edited, of Calendars and of all that they are made of."""
    outlines = await calendars.read_outlines(connection, tenant_id, keys)
    return {key: outline.version for key, outline in sorted(outlines.items())}


def compile_records(affected: Iterable[CalendarKey], book: Book, now: datetime) -> tuple[TimelineRecord, ...]:
    """Compile Calendars of a book as they would be."""
    horizon = horizon_at(now)
    records = []
    for key in affected:
        line = compile_schedule(schedule_of(key, book), start=horizon.start, end=horizon.end)
        records.append(
            TimelineRecord(
                key=key, version=book[key].version, content_key=line.content_key, blob=line.to_bytes()
            )
        )
    return tuple(records)


def _asked(request: AmendCalendar) -> AmendCalendar:
    return msgspec.structs.replace(request, plan_token=None)
