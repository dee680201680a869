"""What an amendment would do to Cycles: the second half of its plan, counted by the clocks."""

from __future__ import annotations

from datetime import datetime

from calendars.contract import PlannedChange
from clocks.contract import CalendarChange, CalendarChangePlan, PlanCalendarChange
from gateway.schema.cycle import Outcome, Phase
from gateway.schema.declare import object_type, resolved
from gateway.schema.info import Info
from gateway.schema.scalars import Long
from gateway.upstream.money_moves import MoneyMoves, money_moves
from gateway.upstream.session import Session

__all__ = ["CyclesEffect", "plan_effect"]


@object_type
class CycleMove:
    """A Cycle whose numbers would change.

    outcome_before: as of the plan; BREACHED once due has passed.
    due_after: null where it would not be due without an event.
    moved_us: how much later it would be due; below 0 for earlier, null where it is not due before or after.
    """

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    target: str
    phase: Phase
    outcome_before: Outcome
    outcome_after: Outcome
    due_before: datetime | None
    due_after: datetime | None
    moved_us: Long | None


@object_type
class AmountMove:
    """What an Agreement's month costs as things stand, and what it would cost.

    period: the month, as 2026-03.
    before_minor: in minor units of the currency.
    after_minor: in minor units of the currency.
    """

    agreement_key: str
    period: str
    currency: str
    before_minor: Long
    after_minor: Long


@object_type
class MoneyEffect:
    """What would become of amounts.

    moves: months of Agreements that would cost another amount.
    assessed: how many months were assessed to find these: those in which most Cycles shift.
    left_out: how many more months are concerned, and were not assessed.
    """

    moves: list[AmountMove]
    assessed: int
    left_out: int


async def effect_money(root: CalendarChangePlan, info: Info) -> MoneyMoves:
    """Assess the Agreements' months in which counts would shift. Scope: billing."""
    session = info.context
    return await money_moves(session.context, root.shifts, clocks=session.clocks, owed=session.credits)


@object_type
class CyclesEffect:
    """What would become of Cycles.

    running: open ones on the Calendars affected.
    ended: those that ended at or after the amendment's instant, which would be restated.
    moved: how many would be due at another time.
    earlier: how many of these earlier.
    later: how many of these later.
    farthest_earlier_us: the largest move to an earlier time.
    farthest_later_us: the largest move to a later time.
    moves: the largest moves, ten at most.
    breaches_gained: Cycles that would be breached as of now, and are not.
    gained: ten of these at most.
    breaches_lost: Cycles whose Breach would be withdrawn.
    lost: ten of these at most.
    """

    running: int
    ended: int
    moved: int
    earlier: int
    later: int
    farthest_earlier_us: Long
    farthest_later_us: Long
    moves: list[CycleMove]
    breaches_gained: int
    gained: list[CycleMove]
    breaches_lost: int
    lost: list[CycleMove]
    money: MoneyEffect | None = resolved(effect_money)


async def plan_effect(session: Session, plan: PlannedChange) -> CalendarChangePlan:
    """Ask the clocks what would become of Cycles."""
    changes = tuple(CalendarChange(key=line.key, blob=line.blob) for line in plan.timelines)
    request = PlanCalendarChange(calendars=changes, effective_from=plan.effective_from)
    return await session.clocks.plan_calendar_change(session.context, request)
