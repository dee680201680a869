"""The board: pages of Cycles, narrowed and in order, as of now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from clocks.domain.cycle import Outcome, Phase, SubjectState
from clocks.domain.standing import CycleKey
from clocks.storage.readings import Edition
from clocks.storage.subjects import decode_state
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = [
    "MAX_FOUND",
    "CycleFilter",
    "CyclePlace",
    "ListedCycle",
    "Order",
    "compose_board",
    "list_cycles",
    "read_in_order",
]

MAX_FOUND = 1_000
"""Of so many Subjects at most all Cycles are read and put in order; of more, the first ones in order."""

Order = Literal["started", "due", "due_latest", "left"]

_SQL = load_blocks("clocks.storage", "board.sql")
_VALUE = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
_IDS = ("subject_prefix", "subject_contains", "subject_ids")
_LAST = "\U0010ffff"
_LAST_BEFORE_SURROGATES = "\ud7ff"


class CyclePlace(NamedTuple):
    """A place in an order: at the start or the due time, or by the time left; None where there is none."""

    at: datetime | None
    subject_id: str
    in_policy: str
    in_metric: str
    cycle: int
    left_us: int | None = None


class CycleFilter(NamedTuple):
    """What a list is narrowed to; None narrows nothing."""

    policy_key: str | None = None
    metric: str | None = None
    target: str | None = None
    phase: Phase | None = None
    outcome: Outcome | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    subject_prefix: str | None = None
    subject_contains: str | None = None
    subject_ids: Sequence[str] | None = None
    attributes: Mapping[str, str] | None = None


class ListedCycle(NamedTuple):
    """A Cycle on a page: its key and edition, and the Subject's state to read it from."""

    key: CycleKey
    edition: Edition
    place: CyclePlace
    state: SubjectState


async def list_cycles(
    connection: Connection,
    narrowed: CycleFilter,
    *,
    order: Order,
    after: CyclePlace | None,
    limit: int,
    now: datetime,
) -> Sequence[ListedCycle]:
    """Read Cycles in an order, those after a place; in order of time left are paused ones alone."""
    await read_in_order(connection)
    narrowed = await _found(connection, narrowed)
    statement, values = compose_board(narrowed, order=order, after=after, limit=limit, now=now)
    return [
        ListedCycle(
            CycleKey(row["subject_id"], row["policy_key"], row["metric"], row["cycle"]),
            Edition(row["calendar_version"], row["revision"]),
            _place(row, order),
            decode_state(row["state"]),
        )
        for row in await connection.fetch(statement, *values)
    ]


async def _found(connection: Connection, narrowed: CycleFilter) -> CycleFilter:
    """Narrow to the Subjects whose id holds a part; where they are many, leave it to the order."""
    if narrowed.subject_contains is None:
        return narrowed
    rows = await connection.fetch(_SQL["subjects_holding"], narrowed.subject_contains, MAX_FOUND + 1)
    if len(rows) > MAX_FOUND:
        return narrowed
    return narrowed._replace(subject_contains=None, subject_ids=[row["subject_id"] for row in rows])


async def read_in_order(connection: Connection) -> None:
    """Have the rest of the transaction read from indexes in their order."""
    await connection.execute(_SQL["in_order"])


def compose_board(
    narrowed: CycleFilter, *, order: Order, after: CyclePlace | None, limit: int, now: datetime
) -> tuple[str, Sequence[Any]]:
    """Put the statement together; only the parts that a question needs stand in it."""
    conditions = [_SQL[name] for name in _conditions(narrowed, order)]
    values = {**narrowed._asdict(), "most": limit, "now": now}
    if narrowed.subject_prefix is not None:
        values["subject_end"] = _end_of(narrowed.subject_prefix)
    for place, (name, value) in enumerate(sorted((narrowed.attributes or {}).items())):
        conditions.append(_VALUE.sub(rf":\1_{place}", _SQL["attribute"]))
        values.update({f"name_{place}": name, f"value_{place}": value})
    if after is not None:
        conditions.append(_SQL[f"after_{order}"])
        values.update(after._asdict())
    statement = _SQL["page"].replace("/* order */", _SQL[f"order_{order}"])
    return _number(
        statement.replace("/* conditions */", "\nAND ".join(map("({})".format, conditions))), values
    )


def _place(row: Row, order: Order) -> CyclePlace:
    key = (row["subject_id"], row["policy_key"], row["metric"], row["cycle"])
    if order == "left":
        return CyclePlace(None, *key, left_us=row["left_us"])
    return CyclePlace(row["started_at" if order == "started" else "due_at"], *key)


def _conditions(narrowed: CycleFilter, order: Order) -> Iterator[str]:
    yield "everything"
    worded = "_paused" if order == "left" else "_open" if narrowed.phase in {"RUNNING", "PAUSED"} else ""
    if worded:
        yield worded.removeprefix("_")
    match narrowed.outcome:
        case "PENDING":
            yield f"pending{worded}"
        case "MET":
            yield "met"
        case "BREACHED":
            yield "breached_paused" if order == "left" else "breached"
    for name in ("policy_key", "metric", "target", "phase", "due_before", "due_after", *_IDS):
        if getattr(narrowed, name) is not None:
            yield name


def _end_of(prefix: str) -> str:
    """Find the first text after all that begin with a prefix; nothing comes after the last character."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return _LAST * 201
    after = "\ue000" if kept[-1] == _LAST_BEFORE_SURROGATES else chr(ord(kept[-1]) + 1)
    return kept[:-1] + after


def _number(statement: str, values: dict[str, Any]) -> tuple[str, Sequence[Any]]:
    """Give each value that a statement names a number, and list them by it."""
    named = list(dict.fromkeys(_VALUE.findall(statement)))
    places = {name: f"${place}" for place, name in enumerate(named, start=1)}
    return _VALUE.sub(lambda found: places[found[1]], statement), [values[name] for name in named]
