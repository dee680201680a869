"""Plan before apply: what an amendment would mean."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway.schema.calendar import AmendCalendarInput, amendment_asked
from gateway.schema.calendar_difference import CalendarDifference
from gateway.schema.calendar_effect import CyclesEffect, plan_effect
from gateway.schema.declare import object_type
from gateway.schema.failures import Advice
from gateway.schema.info import Info
from gateway.upstream.plan_tokens import join_tokens

__all__ = ["CalendarPlan", "plan_amendment"]


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
    advice: what in the document has no effect.
    """

    key: str
    version: int
    effective_from: datetime
    difference: CalendarDifference
    affected: list[str]
    cycles: CyclesEffect
    token: str
    advice: list[Advice]


async def plan_amendment(
    info: Info, request: Annotated[AmendCalendarInput, strawberry.argument(name="input")]
) -> CalendarPlan:
    """Say what an amendment would mean; refused for whatever the amendment would be. Scope: calendars."""
    session = info.context
    plan = await session.calendars.plan_amendment(session.context, amendment_asked(request))
    effect = await plan_effect(session, plan)
    difference: Any = plan.difference
    cycles: Any = effect
    advice: Any = plan.advice
    return CalendarPlan(
        key=plan.key,
        version=plan.version,
        effective_from=plan.effective_from,
        difference=difference,
        affected=list(plan.affected),
        cycles=cycles,
        token=join_tokens(plan.token, effect.token),
        advice=advice,
    )
