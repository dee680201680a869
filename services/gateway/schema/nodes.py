"""Reading any thing by its global id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry
from strawberry import ID

from clocks.contract import CycleRecord, ReadCycle
from gateway.domain.errors import GlobalIdInvalidError
from gateway.domain.global_id import decode_global_id
from gateway.schema.agreement import read_agreement
from gateway.schema.calendar import read_calendar
from gateway.schema.failures import find
from gateway.schema.ics_source import read_ics_source
from gateway.schema.info import Info
from gateway.schema.policy import read_policy
from gateway.schema.statement import read_statement
from gateway.schema.subject import read_subject
from gateway.schema.webhook import read_webhook

__all__ = ["read_node"]


async def read_cycle(
    info: Info, subject_id: str, policy_key: str, metric: str, number: int
) -> CycleRecord | None:
    """Read one Cycle, now."""
    request = ReadCycle(subject_id=subject_id, policy_key=policy_key, metric=metric, cycle=number)
    return await find(info.context.clocks.read_cycle(info.context.context, request))


Reader = Callable[..., Awaitable[object]]

READERS: dict[tuple[str, tuple[type, ...]], Reader] = {
    ("Agreement", (str,)): read_agreement,
    ("Calendar", (str,)): read_calendar,
    ("Cycle", (str, str, str, int)): read_cycle,
    ("IcsSource", (str,)): read_ics_source,
    ("Policy", (str,)): read_policy,
    ("Statement", (str, str)): read_statement,
    ("Subject", (str,)): read_subject,
    ("Webhook", (str,)): read_webhook,
}


async def read_node(info: Info, node_id: Annotated[ID, strawberry.argument(name="id")]) -> object | None:
    """Any thing, by its global id; null where it is not there."""
    type_name, parts = decode_global_id(node_id)
    reader = READERS.get((type_name, tuple(type(part) for part in parts)))
    if reader is None:
        raise GlobalIdInvalidError(f"{node_id[:80]!r} is not an id made by this API", field="id")
    return await reader(info, *parts)
