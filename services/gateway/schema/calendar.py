"""Calendars: when a team is at work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import strawberry
from msgspec.structs import replace
from strawberry import ID

from calendars import contract
from gateway.domain.global_id import encode_global_id
from gateway.schema.calendar_asking import calendar_deadline, calendar_elapsed, calendar_state
from gateway.schema.calendar_question import CalendarDeadline, CalendarElapsed, CalendarState
from gateway.schema.declare import input_type, node_type, object_type, resolved
from gateway.schema.failures import Advice, UserError, find, settle
from gateway.schema.info import Info
from gateway.schema.node import Node
from gateway.schema.pages import DEFAULT_PAGE, Connection, check_first, connect_by_key, read_cursor
from gateway.schema.scalars import JSONObject
from gateway.upstream.plan_tokens import check_token
from serving.context import RequestContext

__all__ = [
    "AmendCalendarInput",
    "AmendMode",
    "Calendar",
    "CalendarPayload",
    "amend_calendar",
    "amendment_asked",
    "create_calendar",
    "list_calendars",
    "read_calendar",
    "revert_calendar",
]

S = TypeVar("S")


@strawberry.enum(
    description="How an amendment treats the time before it: FORWARD lets it stand, RESTATE puts it right."
)
class AmendMode(StrEnum):
    """How an amendment treats the time before it."""

    FORWARD = "FORWARD"
    RESTATE = "RESTATE"


@object_type
class CalendarVersion:
    """What was said of a Calendar at one time.

    version: counts from 1.
    effective_from: from when on it holds; null for the first: always.
    document: the schedule document as it was sent.
    reason: why the past was put right.
    created_by: who said it: a key or a user.
    holds: whether it still holds for some time: false for one that later ones have replaced wholly.
    holds_until: when the next one begins to hold; null: no end.
    name: what the Calendar is called since this was said; null: as before.
    """

    version: int
    mode: AmendMode
    effective_from: datetime | None
    document: JSONObject
    reason: str | None
    created_at: datetime
    created_by: str
    holds: bool
    holds_until: datetime | None
    name: str | None


def calendar_id(root: contract.CalendarRecord) -> ID:
    """Its global id."""
    return ID(encode_global_id("Calendar", root.key))


def latest_document(root: contract.CalendarRecord) -> dict[str, Any]:
    """Say what the latest version says."""
    return root.versions[-1].document


@node_type(contract.CalendarRecord)
class Calendar(Node):
    """A named record of when a team is at work; each amendment adds a version.

    key: unique in the tenant.
    version: the latest one's number.
    versions: all of them, oldest first.
    """

    id: ID = resolved(calendar_id)
    key: str
    name: str
    version: int
    document: JSONObject = resolved(latest_document)
    versions: list[CalendarVersion]
    state: CalendarState | None = resolved(calendar_state)
    elapsed: CalendarElapsed | None = resolved(calendar_elapsed)
    deadline: CalendarDeadline | None = resolved(calendar_deadline)


@input_type
class CreateCalendarInput:
    """A new Calendar.

    key: unique in the tenant.
    document: zone, hours, seasons, holidays, special; or a parent and what differs from it; or a composition.
    """

    key: str
    name: str
    document: JSONObject


@input_type
class AmendCalendarInput:
    """A new version of a Calendar.

    expected_version: the latest version that the amendment was made on; another one is a conflict.
    effective_from: FORWARD: not before now (null: now). RESTATE: from when on the past is put right.
    reason: needed to RESTATE.
    plan_token: of a plan of the same amendment: applied only while the facts of the plan stand.
    name: a new name, at once and without a date; null: as before.
    """

    key: str
    expected_version: int
    document: JSONObject
    mode: AmendMode = AmendMode.FORWARD
    effective_from: datetime | None = None
    reason: str | None = None
    plan_token: str | None = None
    name: str | None = None


@input_type
class RevertCalendarInput:
    """A new version that says again what an earlier one said; else as an amendment.

    to_version: the one to say again.
    """

    key: str
    to_version: int
    expected_version: int
    mode: AmendMode = AmendMode.FORWARD
    effective_from: datetime | None = None
    reason: str | None = None


@object_type
class CalendarPayload:
    """The Calendar as it now stands, or why it was refused.

    advice: what in its document has no effect, such as the opt-out of a holiday that there is not.
    """

    calendar: Calendar | None
    advice: list[Advice]
    errors: list[UserError]


async def read_calendar(info: Info, key: str) -> contract.CalendarRecord | None:
    """One Calendar; null where there is none of that key."""
    return await find(info.context.calendar_by_key.get(key))


async def list_calendars(
    info: Info, first: int = DEFAULT_PAGE, after: str | None = None
) -> Connection[contract.CalendarRecord]:
    """Calendars in order of key."""
    session = info.context
    request = contract.ListCalendars(first=check_first(first), after=read_cursor("Calendar", after, str))
    page = await session.calendars.list_calendars(session.context, request)
    return connect_by_key("Calendar", page.calendars, has_next=page.has_next, after=after)


async def create_calendar(
    info: Info,
    request: Annotated[CreateCalendarInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> CalendarPayload:
    """Create a Calendar. Scope: calendars."""
    context = info.context.keyed(idempotency_key)
    asked = contract.CreateCalendar(key=request.key, name=request.name, document=request.document)
    return await settle_calendar(info.context.calendars.create_calendar, context, asked)


async def amend_calendar(
    info: Info,
    request: Annotated[AmendCalendarInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> CalendarPayload:
    """Add a version to a Calendar. Scope: calendars."""
    session, asked = info.context, amendment_asked(request)

    async def amend(context: RequestContext, asked: contract.AmendCalendar) -> contract.SavedCalendar:
        token = await check_token(session.clocks, session.context, asked.plan_token)
        return await session.calendars.amend_calendar(context, replace(asked, plan_token=token))

    return await settle_calendar(amend, session.keyed(idempotency_key), asked)


def amendment_asked(request: AmendCalendarInput) -> contract.AmendCalendar:
    """Make the door's request of an amendment, or of a plan of one."""
    return contract.AmendCalendar(
        key=request.key,
        expected_version=request.expected_version,
        document=request.document,
        mode=request.mode.value,
        effective_from=request.effective_from,
        reason=request.reason,
        plan_token=request.plan_token,
        name=request.name,
    )


async def revert_calendar(
    info: Info,
    request: Annotated[RevertCalendarInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> CalendarPayload:
    """Add a version that says again what an earlier one said. Scope: calendars."""
    context = info.context.keyed(idempotency_key)
    asked = contract.RevertCalendar(
        key=request.key,
        to_version=request.to_version,
        expected_version=request.expected_version,
        mode=request.mode.value,
        effective_from=request.effective_from,
        reason=request.reason,
    )
    return await settle_calendar(info.context.calendars.revert_calendar, context, asked)


async def settle_calendar(
    save: Callable[[RequestContext, S], Awaitable[contract.SavedCalendar]],
    context: RequestContext,
    request: S,
) -> CalendarPayload:
    """Save a version, and answer with the Calendar and the advice on it."""
    saved, errors = await settle(save, context, request)
    return CalendarPayload(calendar=saved, advice=saved.advice if saved else [], errors=errors)
