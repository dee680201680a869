"""Trials: what would be if, and what other rules would have made of what happened. Nothing is written."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import strawberry

from clocks import contract
from gateway.schema.cycle import Cycle, Outcome, value_of
from gateway.schema.declare import input_type, object_type
from gateway.schema.failures import Advice, find, naming
from gateway.schema.info import Info
from gateway.schema.scalars import JSONObject

__all__ = ["Backtest", "WhatIf", "backtest_policy", "imagine_subject"]


@strawberry.enum(description="What is done by hand, in imagination.")
class WhatIfAction(StrEnum):
    """What is done by hand, in imagination."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CANCEL = "cancel"


@input_type
class WhatIfEventInput:
    """An event that did not happen.

    occurred_at: null: at the instant of the question.
    attributes: those that change; null removes one.
    """

    type: str = "imagined"
    occurred_at: datetime | None = None
    attributes: JSONObject | None = None


@object_type
class WhatIfCycle:
    """A Cycle without and with what was imagined, read at the same instant.

    before: null: it is only imagined.
    after: null: it would never have been.
    """

    before: Cycle | None
    after: Cycle | None


@object_type
class WhatIf:
    """A Subject with what was imagined.

    read_at: the last instant at which something of it happens; both sides are read then.
    cycles: in order of policy, metric and number.
    """

    subject_id: str
    attributes: JSONObject
    read_at: datetime
    cycles: list[WhatIfCycle]


@input_type
class ProposedCalendarInput:
    """A Calendar's document in place of what it says; Calendars that are made of it change with it.

    effective_from: from when on; null: always.
    """

    key: str
    document: JSONObject
    effective_from: datetime | None = None


@object_type
class BacktestTarget:
    """How many Cycles of a Target were met and breached, are pending, or were cancelled before due."""

    metric: str
    target: str
    met: int
    breached: int
    pending: int
    cancelled: int


@object_type
class FlippedCycle:
    """A Cycle with another outcome than what happened.

    target_before, outcome_before, due_before: as it happened; null: there is no such Cycle, or no due time.
    target_after, outcome_after, due_after: as it would have.
    """

    subject_id: str
    metric: str
    cycle: int
    target_before: str | None
    target_after: str | None
    outcome_before: Outcome | None
    outcome_after: Outcome | None
    due_before: datetime | None
    due_after: datetime | None


@object_type
class Backtest:
    """What a page of a backtest adds: counts, to be summed over the pages.

    at: the instant of all readings; ask for it again with the next page.
    subjects, events: how many this page has folded.
    total_subjects: on the first page, how many there are in all.
    before: as it happened, by metric and target.
    after: as it would have.
    flips: the Cycles of this page with another outcome.
    cursor: for the next page; null: this was the last.
    advice: on the first page, what in the question has no effect.
    """

    at: datetime
    subjects: int
    events: int
    total_subjects: int | None
    before: list[BacktestTarget]
    after: list[BacktestTarget]
    flips: list[FlippedCycle]
    cursor: str | None
    advice: list[Advice]


async def imagine_subject(
    info: Info,
    subject_id: str,
    at: datetime | None = None,
    attributes: JSONObject | None = None,
    action: WhatIfAction | None = None,
    until: datetime | None = None,
    calendar_key: str | None = None,
    events: list[WhatIfEventInput] | None = None,
) -> contract.ImaginedSubject | None:
    """Say what would become of a Subject if all of this happened at an instant (null: now); writes nothing.

    `attributes` that change, such as the priority; an `action` by hand, a pause `until` then; open Cycles are
    handed to the Calendar `calendarKey`; other `events`. Null: no event ever told of it.
    """
    request = contract.ImagineSubject(
        subject_id=subject_id,
        at=at,
        attributes=attributes or {},
        action=value_of(action),
        until=until,
        calendar_key=calendar_key,
        events=tuple(
            contract.ImaginedEvent(
                type=each.type, occurred_at=each.occurred_at, attributes=each.attributes or {}
            )
            for each in events or ()
        ),
    )
    return await find(info.context.clocks.imagine_subject(info.context.context, request))


async def backtest_policy(
    info: Info,
    policy_key: str,
    document: JSONObject | None = None,
    calendar: ProposedCalendarInput | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    at: datetime | None = None,
    subjects: int = 500,
    after: str | None = None,
) -> contract.BacktestPage:
    """Fold the events of the next Subjects by a policy `document` or a `calendar` not in force, page by page.

    Held against the Policy `policyKey` as it stands; counted are Cycles met or breached in [start, end), at
    any time where those are null. Ask on with `after` and `at` until `cursor` is null; to cancel, stop.
    """
    proposed = None
    if calendar is not None:
        proposed = contract.ProposedCalendar(
            key=calendar.key, document=calendar.document, effective_from=calendar.effective_from
        )
    request = contract.BacktestPolicy(
        policy_key=policy_key,
        document=document,
        calendar=proposed,
        start=start,
        end=end,
        at=at,
        first=subjects,
        after=after,
    )
    with naming(request, first="subjects"):
        return await info.context.clocks.backtest_policy(info.context.context, request)
