"""Plan before apply: what an amendment, or a set of files, would mean; and applying the files."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from calendars import contract
from gateway.schema.calendar import AmendCalendarInput, AmendMode, amendment_asked
from gateway.schema.calendar_difference import CalendarDifference
from gateway.schema.calendar_effect import CyclesEffect, plan_effect
from gateway.schema.declare import input_type, object_type
from gateway.schema.failures import UserError, settle
from gateway.schema.info import Info
from gateway.schema.scalars import JSONObject
from gateway.upstream.plan_tokens import join_tokens

__all__ = ["AppliedCalendar", "ApplyCalendarsPayload", "CalendarPlan", "apply_calendars", "plan_amendment"]


@strawberry.enum(
    description="What applying does to one Calendar: CREATE it, AMEND it, or NONE: it says the same already."
)
class ApplyAction(StrEnum):
    """What applying does to one Calendar."""

    CREATE = "create"
    AMEND = "amend"
    NONE = "none"


@object_type
class CalendarPlan:
    """What an amendment would mean; nothing was written.

    version: the number that it would get.
    effective_from: from when it would hold.
    difference: in days and hours, in the year from then.
    affected: keys of the Calendar and of those made of it, whose hours may change.
    cycles: what would become of Cycles on these.
    token: give it as planToken with the same amendment: stale if what the plan rests on has changed, be it
        Calendars, policies, or one of these Cycles.
    """

    key: str
    version: int
    effective_from: datetime
    difference: CalendarDifference
    affected: list[str]
    cycles: CyclesEffect
    token: str


@input_type
class CalendarFileInput:
    """What a file says of one Calendar.

    key: unique in the tenant.
    """

    key: str
    name: str
    document: JSONObject


@input_type
class ApplyCalendarsInput:
    """Make Calendars say what files say, all or none; those without a file stay as they are.

    calendars: at most 200, in any order: what others are made of goes first.
    plan: only say what would be done.
    mode, effective_from, reason: of the amendments, as in amendCalendar.
    """

    calendars: list[CalendarFileInput]
    plan: bool = False
    mode: AmendMode = AmendMode.FORWARD
    effective_from: datetime | None = None
    reason: str | None = None


@object_type
class AppliedCalendar:
    """What was, or would be, done to one Calendar.

    version: the latest one afterwards.
    difference: of an amendment, in the year from when it holds.
    """

    key: str
    action: ApplyAction
    version: int
    difference: CalendarDifference | None


@object_type
class ApplyCalendarsPayload:
    """A line for each file, in the order of the input; null where all were refused.

    planned: whether it was a plan only, and nothing was written.
    """

    calendars: list[AppliedCalendar] | None
    planned: bool
    errors: list[UserError]


async def plan_amendment(
    info: Info, request: Annotated[AmendCalendarInput, strawberry.argument(name="input")]
) -> CalendarPlan:
    """Say what an amendment would mean; refused for whatever the amendment would be. Scope: calendars."""
    session = info.context
    plan = await session.calendars.plan_amendment(session.context, amendment_asked(request))
    effect = await plan_effect(session, plan)
    difference: Any = plan.difference
    cycles: Any = effect
    return CalendarPlan(
        key=plan.key,
        version=plan.version,
        effective_from=plan.effective_from,
        difference=difference,
        affected=list(plan.affected),
        cycles=cycles,
        token=join_tokens(plan.token, effect.token),
    )


async def apply_calendars(
    info: Info,
    request: Annotated[ApplyCalendarsInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> ApplyCalendarsPayload:
    """Make Calendars say what files say, all or none, or plan to. Scope: calendars."""
    files = tuple(
        contract.CalendarFile(key=file.key, name=file.name, document=file.document)
        for file in request.calendars
    )
    asked = contract.ApplyCalendars(
        calendars=files,
        plan=request.plan,
        mode=request.mode.value,
        effective_from=request.effective_from,
        reason=request.reason,
    )
    context = info.context.keyed(idempotency_key)
    done, errors = await settle(info.context.calendars.apply_calendars, context, asked)
    applied: Any = done and done.calendars
    return ApplyCalendarsPayload(calendars=applied, planned=request.plan, errors=errors)
