"""Plan an amendment: what it would mean in days and hours, and for which Calendars; nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from businesstime import Timeline, compile_schedule
from calendars.contract import AmendCalendar, AmendmentPlan, TimelineRecord
from calendars.domain.calendar import Amendment, AmendMode, Calendar, amend
from calendars.domain.definition import horizon_at
from calendars.domain.document import CalendarKey, Document, read_document, read_key
from calendars.domain.errors import PlanStaleError
from calendars.domain.resolution import Book, schedule_of
from calendars.domain.version_difference import CalendarDifference, difference_between
from calendars.operations.check_definition import check_definition
from calendars.operations.pin_imports import pin_amendment
from calendars.operations.read_calendar import load
from calendars.storage import calendars
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["amendment_of", "check_token", "compare_amended", "compare_saved", "plan"]

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
        token = await _token(connection, tenant_id, request, amendment.document)
    after = {**book, key: amended}
    start = amended.versions[-1].effective_from or now
    return AmendmentPlan(
        key=key,
        version=amended.version,
        effective_from=start,
        difference=await compare_amended(book, amended, start),
        affected=affected,
        timelines=await asyncio.to_thread(_records, affected, after, now),
        token=token,
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


async def check_token(
    connection: Connection, tenant_id: str, request: AmendCalendar, document: Document
) -> None:
    """Raise PlanStaleError unless the request has no plan, or one that still holds. The book is locked."""
    if request.plan_token is None:
        return
    if request.plan_token != await _token(connection, tenant_id, request, document):
        raise PlanStaleError(
            "plan_token: the plan was made for another request, or a calendar that it rests "
            "on was amended since: plan anew",
            field="plan_token",
        )


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
    connection: Connection, tenant_id: str, pair: tuple[Calendar, Calendar], now: datetime
) -> CalendarDifference:
    """Compare a Calendar with its amended self, which is saved already."""
    latest, amended = pair
    outlines = await calendars.read_outlines(connection, tenant_id, [amended.key])
    book = await calendars.read_book(connection, tenant_id, outlines)
    start = amended.versions[-1].effective_from or now
    return await compare_amended({**book, latest.key: latest}, amended, start)


async def _read_book(
    connection: Connection, tenant_id: str, affected: Iterable[CalendarKey], document: Document
) -> Book:
    """Read the Calendars affected, what they are made of, and what the new document names."""
    named = {reference.key for reference in document.references}
    outlines = await calendars.read_outlines(connection, tenant_id, {*affected, *named})
    return await calendars.read_book(connection, tenant_id, outlines)


async def _token(connection: Connection, tenant_id: str, request: AmendCalendar, document: Document) -> str:
    """Hash the request and the versions of all Calendars that the plan rests on; they are never edited."""
    key = CalendarKey(request.key)
    affected = (key, *await calendars.list_dependants(connection, tenant_id, [key]))
    named = {reference.key for reference in document.references}
    outlines = await calendars.read_outlines(connection, tenant_id, {*affected, *named})
    facts = sorted((key, outline.version) for key, outline in outlines.items())
    asked = msgspec.structs.replace(request, plan_token=None)
    said = [facts, document.digest.hex(), asked]
    return sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()


def _records(affected: Iterable[CalendarKey], book: Book, now: datetime) -> tuple[TimelineRecord, ...]:
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
