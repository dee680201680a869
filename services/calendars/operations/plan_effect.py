"""Plan by doing: have an effect, tell what it was, and take it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

from pgstore.connection import Connection
from pgstore.database import savepoint

__all__ = ["planned"]

PlanT = TypeVar("PlanT")


class _PlannedError(Exception):
    """Carries a plan out of what is taken back."""

    def __init__(self, plan: Any) -> None:
        super().__init__("planned, not done")
        self.plan = plan


async def planned(connection: Connection, effect: Callable[[], Awaitable[PlanT]]) -> PlanT:
    """Return what the effect answers; nothing of it stays. Raises what the effect raises."""
    try:
        async with savepoint(connection):
            _take_back(await effect())
    except _PlannedError as done:
        plan: PlanT = done.plan
        return plan


def _take_back(plan: object) -> NoReturn:
    raise _PlannedError(plan)
