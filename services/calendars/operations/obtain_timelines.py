"""The Timelines of Calendars, from the caches or made: what every question about time begins with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from businesstime import Timeline, compile_schedule
from calendars.domain.calendar import until_version
from calendars.domain.definition import (
    DefinitionKey,
    Horizon,
    Outline,
    closure_of,
    definition_key,
    horizon_at,
    outlines_known_at,
)
from calendars.domain.document import CalendarKey
from calendars.domain.errors import CalendarUnknownError
from calendars.domain.resolution import Book, schedule_of
from calendars.storage import calendars
from calendars.storage.timelines import CompiledTimeline, TimelineShelf
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["ObtainedTimeline", "TimelineSource", "obtain"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineSource:
    """Where Timelines come from, and what time it is."""

    database: Database
    shelf: TimelineShelf
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ObtainedTimeline:
    """A Calendar's Timeline, the latest version that went into it, and the book's revision then."""

    version: int
    revision: int
    compiled: CompiledTimeline


async def obtain(
    context: RequestContext,
    asked: Mapping[CalendarKey, str],
    source: TimelineSource,
    *,
    known: datetime | None = None,
    until: Mapping[CalendarKey, int] | None = None,
) -> dict[CalendarKey, ObtainedTimeline]:
    """Return a Timeline for each key, as recorded now or at the instant `known`.

    until: the last version that counts, of Calendars for which it is not the latest.
    asked: keys, and the field of the request in which each was named, for errors.
    PostgreSQL is asked what the definition is, every time; only what it compiles to is cached.
    Raises CalendarUnknownError.
    """
    async with source.database.transaction(context.tenant_id, read_only=True) as connection:
        outlines = await calendars.read_outlines(connection, context.tenant_id, asked)
    if known is not None:
        outlines = outlines_known_at(outlines, known)
    for key, number in (until or {}).items():
        outlines[key] = replace(outlines[key], versions=outlines[key].versions[:number])
    _check_known(asked, outlines)
    horizon = horizon_at(source.now)
    named = {key: definition_key(key, outlines, horizon) for key in asked}

    async def make(missing: Sequence[DefinitionKey]) -> Mapping[DefinitionKey, Timeline]:
        roots = {definition: key for key, definition in named.items() if definition in missing}
        book = await _read_book(source.database, context.tenant_id, roots.values(), outlines)
        return await asyncio.to_thread(_compile_all, roots, book, horizon)

    found = await source.shelf.obtain(named.values(), make)
    return {
        key: ObtainedTimeline(
            version=outlines[key].version, revision=outlines[key].revision, compiled=found[definition]
        )
        for key, definition in named.items()
    }


def _check_known(asked: Mapping[CalendarKey, str], outlines: Mapping[CalendarKey, Outline]) -> None:
    for key, field in asked.items():
        if key not in outlines:
            raise CalendarUnknownError(f"{field}: there is no calendar {key!r}", field=field)


async def _read_book(
    database: Database, tenant_id: str, roots: Iterable[CalendarKey], outlines: Mapping[CalendarKey, Outline]
) -> Book:
    """Read the documents behind the outlines, no later versions than theirs."""
    needed = {key for root in roots for key in closure_of(root, outlines)}
    async with database.transaction(tenant_id, read_only=True) as connection:
        book = await calendars.read_book(connection, tenant_id, needed)
    return {key: until_version(calendar, outlines[key].version) for key, calendar in book.items()}


def _compile_all(
    roots: Mapping[DefinitionKey, CalendarKey], book: Book, horizon: Horizon
) -> dict[DefinitionKey, Timeline]:
    return {
        definition: compile_schedule(schedule_of(key, book), start=horizon.start, end=horizon.end)
        for definition, key in roots.items()
    }
