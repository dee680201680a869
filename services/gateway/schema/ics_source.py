"""Sources of holidays: iCalendar files and feeds; what they say waits until somebody lets it count."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import ID

from calendars import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.declare import input_type, node_type, object_type, resolved
from gateway.schema.failures import UserError, find, settle
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect_by_key, read_cursor
from gateway.schema.scalars import JSONObject

__all__ = [
    "IcsDifference",
    "IcsHolidays",
    "IcsSource",
    "IcsSourcePayload",
    "list_ics_sources",
    "offer_ics_content",
    "read_ics",
    "read_ics_source",
    "refresh_ics_source",
    "save_ics_source",
]


@object_type
class SkippedEvent:
    """An event of a file that was not taken.

    line: on which it begins.
    reason: why, as a sentence whose subject is the event.
    """

    line: int
    name: str
    reason: str


@object_type
class IcsHolidays:
    """What a file says.

    holidays: entries for the `holidays` of a document.
    skipped: events that were not taken.
    """

    holidays: list[JSONObject]
    skipped: list[SkippedEvent]


@object_type
class IcsEdition:
    """What a source said at one time.

    edition: counts from 1.
    digest: of the holidays; documents are pinned to it.
    holidays: entries for the `holidays` of a document.
    skipped: events that were not taken.
    read_by: who uploaded it, or the service that looked at the feed.
    """

    edition: int
    digest: str
    holidays: list[JSONObject]
    skipped: list[SkippedEvent]
    read_at: datetime
    read_by: str


@object_type
class IcsDifference:
    """What an edition adds to the one that counts, and what it no longer has."""

    added: list[JSONObject]
    removed: list[JSONObject]


@strawberry.enum(
    description="What was done to a source: SAVED (made or changed), an edition ACCEPTED or DISMISSED."
)
class IcsSourceAction(StrEnum):
    """What was done to a source."""

    SAVED = "SAVED"
    ACCEPTED = "ACCEPTED"
    DISMISSED = "DISMISSED"


@object_type
class IcsSourceEvent:
    """Something that was done to a source.

    edition: that was accepted or dismissed.
    host: of its feed, as it was saved.
    """

    at: datetime
    by: str
    action: IcsSourceAction
    edition: int | None
    host: str | None
    reason: str | None


def source_id(root: contract.IcsSourceRecord) -> ID:
    """Its global id."""
    return ID(encode_global_id("IcsSource", root.key))


@node_type(contract.IcsSourceRecord)
class IcsSource(Node):
    """A source of holidays; a document takes them by `holidays: [{ics: <key>}]`.

    key: unique in the tenant.
    host: of its feed; null where content is uploaded. The address itself is not told.
    refresh_hours: how often the feed is looked at.
    checked_at: when it was last looked at, or uploaded.
    problem: why the last look failed; null: it did not.
    accepted: what new versions of Calendars take.
    pending: what waits for a decision.
    difference: between the two.
    calendars: keys of those whose latest version takes holidays from it.
    history: the newest fifty things that were done to it, newest first.
    """

    id: ID = resolved(source_id)
    key: str
    name: str
    host: str | None
    refresh_hours: int
    checked_at: datetime | None
    problem: str | None
    accepted: IcsEdition | None
    pending: IcsEdition | None
    difference: IcsDifference | None
    calendars: list[str]
    history: list[IcsSourceEvent]


@input_type
class SaveIcsSourceInput:
    """A source, new or changed; what it said stays.

    key: unique in the tenant.
    url: of a feed on the public internet; null: content is uploaded.
    refresh_hours: how often the feed is looked at, 1 to 720.
    """

    key: str
    name: str
    url: str | None = None
    refresh_hours: int = 24


@input_type
class OfferIcsContentInput:
    """A file, as what the source says now.

    content: iCalendar text (RFC 5545) of at most 1 MiB.
    """

    key: str
    content: str


@object_type
class IcsSourcePayload:
    """The source as it now stands, or why it was refused."""

    ics_source: IcsSource | None
    errors: list[UserError]


async def read_ics_source(info: Info, key: str) -> contract.IcsSourceRecord | None:
    """One source of holidays; null where there is none of that key."""
    session = info.context
    return await find(session.calendars.read_ics_source(session.context, contract.ReadIcsSource(key=key)))


async def list_ics_sources(
    info: Info, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[contract.IcsSourceRecord]:
    """List sources of holidays in order of key."""
    session = info.context
    request = contract.ListIcsSources(first=check_first(first), after=read_cursor("IcsSource", after, str))
    page = await session.calendars.list_ics_sources(session.context, request)
    return connect_by_key("IcsSource", page.sources, has_next=page.has_next, after=after)


async def read_ics(info: Info, content: str) -> contract.IcsHolidays:
    """Read what an iCalendar file says; nothing is written. Scope: calendars."""
    session = info.context
    return await session.calendars.read_ics(session.context, contract.ReadIcs(content=content))


async def save_ics_source(
    info: Info, request: Annotated[SaveIcsSourceInput, strawberry.argument(name="input")]
) -> IcsSourcePayload:
    """Make a source of holidays, or change the name, address or rhythm of one. Scope: calendars."""
    asked = contract.SaveIcsSource(
        key=request.key, name=request.name, url=request.url, refresh_hours=request.refresh_hours
    )
    source, errors = await settle(info.context.calendars.save_ics_source, info.context.context, asked)
    return IcsSourcePayload(ics_source=source, errors=errors)


async def offer_ics_content(
    info: Info, request: Annotated[OfferIcsContentInput, strawberry.argument(name="input")]
) -> IcsSourcePayload:
    """Upload what a source says; it waits, and counts when it is accepted. Scope: calendars."""
    asked = contract.OfferIcsContent(key=request.key, content=request.content)
    source, errors = await settle(info.context.calendars.offer_ics_content, info.context.context, asked)
    return IcsSourcePayload(ics_source=source, errors=errors)


async def refresh_ics_source(info: Info, key: str) -> IcsSourcePayload:
    """Look at a feed now; what went wrong stands in `problem`. Scope: calendars."""
    asked = contract.RefreshIcsSource(key=key)
    source, errors = await settle(info.context.calendars.refresh_ics_source, info.context.context, asked)
    return IcsSourcePayload(ics_source=source, errors=errors)
