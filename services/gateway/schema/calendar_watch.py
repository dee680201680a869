"""What is watched over: holidays that run out, and zones whose rules changed under what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from calendars import contract
from clocks.contract import CalendarChange, CalendarChangePlan, PlanCalendarChange
from gateway.schema.calendar_effect import CyclesEffect
from gateway.schema.declare import object_type, resolved
from gateway.schema.failures import UserError, settle
from gateway.schema.info import Info

__all__ = ["AdoptZoneRulesPayload", "CalendarWatches", "adopt_zone_rules", "read_watches"]

SIXTY_DAYS = 60
READ_AT_ONCE = 200


@object_type
class HolidaysRunOut:
    """A Calendar whose holidays end soon, or did.

    key: of the Calendar.
    source: key of the ICS source that ends; null: all its holidays together do.
    last_on: the last holiday; null where there is none in the three years before and after.
    """

    key: str
    source: str | None
    last_on: date | None


async def change_effect(root: contract.ZoneChange, info: Info) -> CalendarChangePlan:
    """Plan what would become of Cycles if the changed rules were taken over now. Scope: calendars."""
    session = info.context
    changes: list[CalendarChange] = []
    for keys in batched(root.calendars, READ_AT_ONCE):
        asked = contract.ReadTimelines(keys=keys)
        found = await session.calendars.read_timelines(session.context, asked)
        changes += [CalendarChange(key=line.key, blob=line.blob) for line in found.timelines]
    request = PlanCalendarChange(calendars=tuple(changes), effective_from=root.differs_from)
    return await session.clocks.plan_calendar_change(session.context, request)


@object_type
class ZoneChange:
    """A zone whose rules an edition of the time-zone database changed.

    zone: its IANA name.
    from_version: of the rules that were counted by.
    to_version: of the rules as they are now.
    differs_from: the first instant whose local time differs.
    calendars: keys of those that count by the zone.
    """

    zone: str
    from_version: str
    to_version: str
    differs_from: datetime
    calendars: list[str]
    cycles: CyclesEffect | None = resolved(change_effect)


@object_type
class CalendarWatches:
    """What wants somebody's eye.

    tzdata_version: of the time-zone database that answers are made with now.
    holidays: that run out.
    zones: whose changed rules nobody has taken over yet.
    """

    tzdata_version: str
    holidays: list[HolidaysRunOut]
    zones: list[ZoneChange]


@object_type
class AdoptZoneRulesPayload:
    """The change that was taken over, by whom and when, or why it was refused."""

    change: ZoneChange | None
    adopted_at: datetime | None
    adopted_by: str | None
    errors: list[UserError]


async def read_watches(info: Info, within_days: int = SIXTY_DAYS) -> contract.CalendarWatches:
    """Calendars whose holidays run out within some days, and zones whose rules changed."""
    session = info.context
    asked = contract.ReadWatches(within_days=within_days)
    return await session.calendars.read_watches(session.context, asked)


async def adopt_zone_rules(
    info: Info, zone: str, reason: str | None = None, idempotency_key: str | None = None
) -> AdoptZoneRulesPayload:
    """Take a zone's changed rules over: what was counted by them is counted anew, once. Scope: calendars."""
    context = info.context.keyed(idempotency_key)
    asked = contract.AdoptZoneRules(zone=zone, reason=reason)
    done, errors = await settle(info.context.calendars.adopt_zone_rules, context, asked)
    if done is None:
        return AdoptZoneRulesPayload(change=None, adopted_at=None, adopted_by=None, errors=errors)
    return AdoptZoneRulesPayload(
        change=done.change, adopted_at=done.adopted_at, adopted_by=done.adopted_by, errors=errors
    )


def batched(keys: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """Cut keys into batches."""
    for start in range(0, len(keys), size):
        yield tuple(keys[start : start + size])
