"""Calendars and ICS sources kept in files: applying them, all or none, or planning to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from calendars import contract
from gateway.schema.calendar import AmendMode
from gateway.schema.calendar_difference import CalendarDifference
from gateway.schema.calendar_effect import CyclesEffect, plan_effect
from gateway.schema.declare import input_type, object_type
from gateway.schema.failures import Advice, UserError, settle
from gateway.schema.ics_source import IcsDifference
from gateway.schema.info import Info
from gateway.schema.scalars import JSONObject
from gateway.upstream.plan_tokens import check_token, join_tokens
from gateway.upstream.session import Session
from serving.context import RequestContext

__all__ = ["AppliedCalendar", "ApplyCalendarsPayload", "apply_calendars"]


@strawberry.enum(
    description="What applying does to one Calendar: CREATE it, AMEND it, or NONE: it says the same already."
)
class ApplyAction(StrEnum):
    """What applying does to one Calendar."""

    CREATE = "create"
    AMEND = "amend"
    NONE = "none"


@input_type
class FileAmendmentInput:
    """What a file says of a Calendar from an instant on."""

    effective_from: datetime
    document: JSONObject


@input_type
class CalendarFileInput:
    """What a file says of one Calendar.

    key: unique in the tenant.
    document: what holds now.
    amendments: what holds later, in order; of those that have begun the last one is what holds now.
    """

    key: str
    name: str
    document: JSONObject
    amendments: list[FileAmendmentInput] = strawberry.field(default_factory=list)


@input_type
class IcsSourceFileInput:
    """What a file says of one ICS source: either content or a url.

    key: unique in the tenant.
    content: an iCalendar file, which counts at once.
    url: of a feed; of a new one what it says now counts at once.
    refresh_hours: how often the feed is looked at.
    """

    key: str
    name: str
    content: str | None = None
    url: str | None = None
    refresh_hours: int = 24


@input_type
class ApplyCalendarsInput:
    """Make Calendars and ICS sources say what files say, all or none; those without a file stay as they are.

    calendars: at most 200, in any order: what others are made of goes first.
    sources: before the Calendars; one without a file that takes holidays from these is amended with them.
    plan: only say what would be done.
    mode, effective_from, reason: of the amendments, as in amendCalendar.
    plan_token: of a plan of the same files: applied only while the facts of the plan stand.
    """

    calendars: list[CalendarFileInput] = strawberry.field(default_factory=list)
    sources: list[IcsSourceFileInput] = strawberry.field(default_factory=list)
    plan: bool = False
    mode: AmendMode = AmendMode.FORWARD
    effective_from: datetime | None = None
    reason: str | None = None
    plan_token: str | None = None


@object_type
class AppliedCalendar:
    """What was, or would be, done to one Calendar.

    version: the latest one afterwards.
    difference: of an amendment, in the year from when it holds.
    advice: what in the file has no effect; its fields are paths in the file.
    """

    key: str
    action: ApplyAction
    version: int
    difference: CalendarDifference | None
    advice: list[Advice]


@object_type
class AppliedIcsSource:
    """What was, or would be, done to one ICS source.

    edition: which counts afterwards; 0: none.
    difference: between what counted and what counts; null: the same.
    """

    key: str
    action: ApplyAction
    edition: int
    difference: IcsDifference | None


@object_type
class ApplyPlan:
    """What applying the files would mean; nothing was written.

    effective_from: from when amendments would hold.
    affected: keys of the Calendars amended and of those made of them, whose hours may change.
    cycles: what would become of Cycles on these.
    token: give it as planToken with the same files: stale if what the plan rests on has changed.
    """

    effective_from: datetime
    affected: list[str]
    cycles: CyclesEffect
    token: str


@object_type
class ApplyCalendarsPayload:
    """A line for each file, in the order of the input; null where all were refused.

    calendars: then a line for each Calendar without a file that is amended with a source.
    plan: of a plan only.
    """

    calendars: list[AppliedCalendar] | None
    sources: list[AppliedIcsSource] | None
    plan: ApplyPlan | None
    errors: list[UserError]


async def apply_calendars(
    info: Info,
    request: Annotated[ApplyCalendarsInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> ApplyCalendarsPayload:
    """Make Calendars and ICS sources say what files say, all or none, or plan to. Scope: calendars."""
    session = info.context

    async def apply(context: RequestContext, asked: contract.ApplyCalendars) -> contract.AppliedCalendars:
        token = await check_token(session.clocks, session.context, asked.plan_token)
        return await session.calendars.apply_calendars(context, replace(asked, plan_token=token))

    done, errors = await settle(apply, session.keyed(idempotency_key), files_asked(request))
    if done is None:
        return ApplyCalendarsPayload(calendars=None, sources=None, plan=None, errors=errors)
    return ApplyCalendarsPayload(
        calendars=done.calendars,
        sources=done.sources,
        plan=done.planned and await effect_of_files(session, done.planned),
        errors=errors,
    )


def files_asked(request: ApplyCalendarsInput) -> contract.ApplyCalendars:
    """Make the door's request of an input."""
    return contract.ApplyCalendars(
        calendars=tuple(
            contract.CalendarFile(
                key=file.key,
                name=file.name,
                document=file.document,
                amendments=tuple(
                    contract.FileAmendment(effective_from=each.effective_from, document=each.document)
                    for each in file.amendments
                ),
            )
            for file in request.calendars
        ),
        sources=tuple(
            contract.IcsSourceFile(
                key=file.key,
                name=file.name,
                content=file.content,
                url=file.url,
                refresh_hours=file.refresh_hours,
            )
            for file in request.sources
        ),
        plan=request.plan,
        mode=request.mode.value,
        effective_from=request.effective_from,
        reason=request.reason,
        plan_token=request.plan_token,
    )


async def effect_of_files(session: Session, plan: contract.PlannedChange) -> ApplyPlan:
    """Ask the clocks what would become of Cycles."""
    effect = await plan_effect(session, plan)
    cycles: Any = effect
    return ApplyPlan(
        effective_from=plan.effective_from,
        affected=list(plan.affected),
        cycles=cycles,
        token=join_tokens(plan.token, effect.token),
    )
