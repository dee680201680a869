"""Read a page of Cycles, as of now."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from clocks.contract import CyclePage, CycleSort, ListCycles
from clocks.domain.cycle import Cycle, Phase
from clocks.domain.errors import ClocksError
from clocks.domain.filterable import filterable_names
from clocks.domain.refusals import (
    AttributeUnfilterableError,
    PageTooLargeError,
    PlaceInvalidError,
    SortInvalidError,
)
from clocks.operations.describe_cycle import describe, find_cycle
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import is_text, read_instant, read_text
from clocks.storage.board import CycleFilter, CyclePlace, ListedCycle, Order, list_cycles
from clocks.storage.rulebooks import read_rulebook
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["MAX_PAGE", "read"]

MAX_PAGE = 500
MAX_ATTRIBUTES = 16
_MAX_CYCLE = 2**31
_MAX_LEFT_US = 2**63
_ORDERS: Mapping[CycleSort, Order] = {"STARTED": "started", "DUE": "due", "DUE_LATEST": "due_latest"}
_ORDERS_OF_REMAINING: Mapping[Phase | None, Order] = {"RUNNING": "due", "PAUSED": "left"}


class _Cursor(NamedTuple):
    """A place, and the question in whose answer it was."""

    question: str
    place: CyclePlace


_CURSOR = msgspec.json.Decoder(_Cursor)


async def read(
    context: RequestContext, request: ListCycles, *, database: Database, rulebooks: Rulebooks, now: datetime
) -> CyclePage:
    """Read a page. Raises PageTooLargeError, PlaceInvalidError, SortInvalidError, InstantNaiveError…."""
    if not 1 <= request.first <= MAX_PAGE:
        raise PageTooLargeError(f"first: from 1 to {MAX_PAGE}, not {request.first}", field="first")
    narrowed, order = _filter(request), _order(request)
    question = _question(request)
    after = None if request.after is None else _read_cursor(request.after, question)
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        revisions = await read_rulebook(connection)
        listed = await list_cycles(
            connection,
            narrowed,
            order=order,
            after=after,
            limit=request.first + 1,
            now=now,
        )
    rulebook = await rulebooks.at_least(context, revisions)
    _check_filterable(request.attributes, filterable_names(rulebook.policies))
    page = listed[: request.first]
    return CyclePage(
        cycles=tuple(
            describe(
                one.key,
                _cycle(one),
                one.edition,
                policies=rulebook.policies,
                counted_on=rulebook.counted_on,
                at=now,
            )
            for one in page
        ),
        cursors=tuple(_write_cursor(_Cursor(question, one.place)) for one in page),
        has_next=len(listed) > request.first,
    )


def _filter(request: ListCycles) -> CycleFilter:
    for field in ("policy_key", "metric", "target", "subject_prefix", "subject_contains"):
        read_text(getattr(request, field) or "", field=field)
    if len(request.attributes) > MAX_ATTRIBUTES:
        raise AttributeUnfilterableError(f"attributes: {MAX_ATTRIBUTES} at most", field="attributes")
    read_text("".join(f"{name}{value}" for name, value in request.attributes.items()), field="attributes")
    return CycleFilter(
        policy_key=request.policy_key,
        metric=request.metric,
        target=request.target,
        phase=request.phase,
        outcome=request.outcome,
        due_before=_instant(request.due_before, "due_before"),
        due_after=_instant(request.due_after, "due_after"),
        subject_prefix=request.subject_prefix or None,
        subject_contains=request.subject_contains or None,
        attributes=request.attributes,
    )


def _order(request: ListCycles) -> Order:
    """Choose the order: time left runs out in what is RUNNING, and stands still in what is PAUSED."""
    if request.sort != "REMAINING":
        return _ORDERS[request.sort]
    if request.phase not in _ORDERS_OF_REMAINING:
        raise SortInvalidError(
            "sort: REMAINING is of RUNNING Cycles or of PAUSED ones: say by phase which", field="sort"
        )
    return _ORDERS_OF_REMAINING[request.phase]


def _check_filterable(attributes: Mapping[str, str], names: Sequence[str]) -> None:
    for name in attributes:
        if name not in names:
            known = ", ".join(names) or "none"
            message = f"attributes: no policy names {name!r} as filterable; filterable are: {known}"
            raise AttributeUnfilterableError(message, field="attributes")


def _instant(instant: datetime | None, field: str) -> datetime | None:
    return None if instant is None else read_instant(instant, field=field)


def _question(request: ListCycles) -> str:
    """Name what is asked for, whatever the page: a place in one order is none in another."""
    asked = msgspec.structs.replace(request, first=1, after=None)
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()[:16]


def _cycle(one: ListedCycle) -> Cycle:
    cycle = find_cycle(one.state, one.key)
    if cycle is None:
        raise LookupError(f"{one.key} is listed, and is not in its Subject's state")
    return cycle


def _write_cursor(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _read_cursor(cursor: str, question: str) -> CyclePlace:
    try:
        asked, place = _CURSOR.decode(base64.urlsafe_b64decode(cursor))
        _instant(place.at, "after")
    except (binascii.Error, ValueError, msgspec.DecodeError, ClocksError):
        raise PlaceInvalidError("after: is not a cursor of this list", field="after") from None
    left_us = place.left_us or 0
    if (
        not is_text(f"{place.subject_id}{place.in_policy}{place.in_metric}")
        or not 0 <= place.cycle < _MAX_CYCLE
        or not -_MAX_LEFT_US <= left_us < _MAX_LEFT_US
    ):
        raise PlaceInvalidError("after: is not a cursor of this list", field="after")
    if asked != question:
        raise PlaceInvalidError("after: belongs to another filter or sort", field="after")
    return place
