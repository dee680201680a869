"""Decisions about what an ICS source says: let it count, or turn it down."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from calendars import contract
from gateway.schema.calendar import AmendMode
from gateway.schema.calendar_files import AppliedCalendar
from gateway.schema.declare import input_type, object_type
from gateway.schema.failures import UserError, settle
from gateway.schema.ics_source import IcsSource, IcsSourcePayload
from gateway.schema.info import Info

__all__ = ["AcceptIcsEditionPayload", "accept_ics_edition", "dismiss_ics_edition"]


@input_type
class AcceptIcsEditionInput:
    """Let the pending edition of a source count.

    edition: the number that was shown; if another waits by now, it is a conflict.
    plan: only say what would be done.
    mode, effective_from, reason: of the amendments, as in amendCalendar.
    """

    key: str
    edition: int
    plan: bool = False
    mode: AmendMode = AmendMode.FORWARD
    effective_from: datetime | None = None
    reason: str | None = None


@input_type
class DismissIcsEditionInput:
    """Turn the pending edition of a source down; the same content is not offered again.

    edition: the number that was shown.
    """

    key: str
    edition: int
    reason: str | None = None


@object_type
class AcceptIcsEditionPayload:
    """The source, and a line for each Calendar that takes holidays from it; null where it was refused.

    planned: whether it was a plan only, and nothing was written.
    """

    ics_source: IcsSource | None
    calendars: list[AppliedCalendar] | None
    planned: bool
    errors: list[UserError]


async def accept_ics_edition(
    info: Info,
    request: Annotated[AcceptIcsEditionInput, strawberry.argument(name="input")],
    idempotency_key: str | None = None,
) -> AcceptIcsEditionPayload:
    """Let what waits count, or plan to: every Calendar that takes it is amended. Scope: calendars."""
    asked = contract.AcceptIcsEdition(
        key=request.key,
        edition=request.edition,
        plan=request.plan,
        mode=request.mode.value,
        effective_from=request.effective_from,
        reason=request.reason,
    )
    context = info.context.keyed(idempotency_key)
    done, errors = await settle(info.context.calendars.accept_ics_edition, context, asked)
    source: Any = done and done.source
    calendars: Any = done and done.calendars
    return AcceptIcsEditionPayload(
        ics_source=source, calendars=calendars, planned=request.plan, errors=errors
    )


async def dismiss_ics_edition(
    info: Info, request: Annotated[DismissIcsEditionInput, strawberry.argument(name="input")]
) -> IcsSourcePayload:
    """Turn what waits down. Scope: calendars."""
    asked = contract.DismissIcsEdition(key=request.key, edition=request.edition, reason=request.reason)
    source, errors = await settle(info.context.calendars.dismiss_ics_edition, info.context.context, asked)
    return IcsSourcePayload(ics_source=source, errors=errors)
