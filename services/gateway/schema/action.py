"""Manual actions on Clocks, each with a reason; every one can be taken back by another."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

from clocks import contract
from gateway.schema.declare import input_type, object_type
from gateway.schema.failures import UserError, settle
from gateway.schema.info import Info

__all__ = ["ActOnClockPayload", "act_on_clock"]


@strawberry.enum(
    description="What is done to Clocks by hand: pause, resume, stop or cancel the last Cycle, exclude time"
    " from all, promise something else, or take an earlier action back."
)
class ClockAction(StrEnum):
    """What is done."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    CANCEL = "cancel"
    EXCLUDE = "exclude"
    OVERRIDE = "override"
    REVOKE = "revoke"


@input_type
class ActOnClockInput:
    """A manual action on the Clocks of a Subject: of one Policy and Metric, or of all where none is named.

    reason: why; it stands in the log.
    start: with EXCLUDE, from when time does not count.
    end: with EXCLUDE, until when.
    target: with OVERRIDE, the Target of the Metric to promise.
    duration: with OVERRIDE, the duration to promise instead of a Target, as 4h or 2bd.
    revokes: with REVOKE, the eventId of the action to take back.
    occurred_at: when it was done; now, unless it is told later.
    """

    subject_id: str
    action: ClockAction
    reason: str
    policy_key: str | None = None
    metric: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    target: str | None = None
    duration: str | None = None
    revokes: str | None = None
    occurred_at: datetime | None = None


@object_type
class ActOnClockPayload:
    """The event that the action was written as, or why it was not.

    event_id: with it the action can be revoked.
    """

    event_id: str | None
    occurred_at: datetime | None
    errors: list[UserError]


async def act_on_clock(
    info: Info,
    request: Annotated[ActOnClockInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> ActOnClockPayload:
    """Act on Clocks by hand. Scope: ingest."""
    asked = contract.ActOnClock(
        subject_id=request.subject_id,
        action=request.action.value,
        reason=request.reason,
        policy_key=request.policy_key,
        metric=request.metric,
        start=request.start,
        end=request.end,
        target=request.target,
        duration=request.duration,
        revokes=request.revokes,
        occurred_at=request.occurred_at,
    )
    receipt: contract.ActionReceipt | None
    receipt, errors = await settle(
        info.context.clocks.act_on_clock, info.context.keyed(idempotency_key), asked
    )
    if receipt is None:
        return ActOnClockPayload(event_id=None, occurred_at=None, errors=errors)
    return ActOnClockPayload(event_id=receipt.event_id, occurred_at=receipt.occurred_at, errors=[])
