"""Read a page of Cycles, as of now."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

import msgspec

from clocks.contract import CyclePage, ListCycles
from clocks.domain.cycle import Cycle
from clocks.domain.errors import ClocksError
from clocks.domain.refusals import PageTooLargeError, PlaceInvalidError
from clocks.operations.describe_cycle import describe, find_cycle
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import is_text, read_instant, read_text
from clocks.storage.readings import CycleFilter, CyclePlace, ListedCycle, list_cycles
from clocks.storage.rulebooks import read_rulebook
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_PAGE", "read"]

MAX_PAGE = 500
_MAX_CYCLE = 2**31
_PLACE = msgspec.json.Decoder(CyclePlace)


async def read(
    context: RequestContext, request: ListCycles, *, database: Database, rulebooks: Rulebooks, now: datetime
) -> CyclePage:
    """Read a page. Raises PageTooLargeError, PlaceInvalidError, InstantNaiveError, TextInvalidError."""
    if not 1 <= request.first <= MAX_PAGE:
        raise PageTooLargeError(f"first: from 1 to {MAX_PAGE}, not {request.first}", field="first")
    after = None if request.after is None else _read_cursor(request.after)
    narrowed = _filter(request)
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        revisions = await read_rulebook(connection)
        listed = await list_cycles(connection, narrowed, after=after, limit=request.first + 1, now=now)
    rulebook = await rulebooks.at_least(context, revisions)
    page = listed[: request.first]
    return CyclePage(
        cycles=tuple(
            describe(one.key, _cycle(one), one.edition, counted_on=rulebook.counted_on, at=now)
            for one in page
        ),
        cursors=tuple(_write_cursor(one.place) for one in page),
        has_next=len(listed) > request.first,
    )


def _filter(request: ListCycles) -> CycleFilter:
    for field in ("policy_key", "metric", "target"):
        read_text(getattr(request, field) or "", field=field)
    due_before = request.due_before
    return CycleFilter(
        policy_key=request.policy_key,
        metric=request.metric,
        target=request.target,
        phase=request.phase,
        outcome=request.outcome,
        due_before=None if due_before is None else read_instant(due_before, field="due_before"),
    )


def _cycle(one: ListedCycle) -> Cycle:
    cycle = find_cycle(one.state, one.key)
    if cycle is None:
        raise LookupError(f"{one.key} is listed, and is not in its Subject's state")
    return cycle


def _write_cursor(place: CyclePlace) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_cursor(cursor: str) -> CyclePlace:
    try:
        place = _PLACE.decode(base64.urlsafe_b64decode(cursor))
        read_instant(place.started_at, field="after")
    except (binascii.Error, ValueError, msgspec.DecodeError, ClocksError):
        raise PlaceInvalidError("after: is not a cursor of this list", field="after") from None
    if not is_text("".join(place[1:4])) or not 0 <= place.cycle < _MAX_CYCLE:
        raise PlaceInvalidError("after: is not a cursor of this list", field="after")
    return place
