"""The loop that trims the outboxes and idempotency records of services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog
from prometheus_client import Counter

from pgstore.database import Database
from pgstore.trimming import Retention, trim_once
from serving.environment import read_number
from serving.loops import Loop

__all__ = ["Trimming", "read_retention"]

_ROUND_S = 25.0
_LOG = structlog.get_logger("trimming")
_TRIMMED = Counter("meantime_trimmed_rows", "Rows forgotten for their age", ("schema", "table"))


def read_retention(environ: Mapping[str, str]) -> Retention:
    """Read MEANTIME_OUTBOX_DAYS and MEANTIME_IDEMPOTENCY_DAYS; raises SettingError."""
    messages, answers = (
        timedelta(days=read_number(environ, variable, default=7, least=1, most=400))
        for variable in ("MEANTIME_OUTBOX_DAYS", "MEANTIME_IDEMPOTENCY_DAYS")
    )
    return Retention(messages=messages, answers=answers)


class Trimming:
    """Trims the databases of services, by schema, one after another; any number of workers may."""

    def __init__(self, databases: Mapping[str, Database], retention: Retention) -> None:
        self._databases = databases
        self._retention = retention
        self._loop = Loop("trim")

    async def run(self) -> None:
        """Trim until cancelled."""
        await self._loop.run(self.trim_once)

    async def trim_once(self) -> float:
        """Trim a batch of each; answer how many seconds there is nothing to do."""
        more = False
        for schema, database in self._databases.items():
            try:
                trimmed = await trim_once(database, self._retention)
            except Exception:  # noqa: BLE001 - one service's tables keep no other's from being trimmed
                _LOG.exception("not trimmed", schema=schema)
                continue
            _TRIMMED.labels(schema, "outbox").inc(trimmed.messages)
            _TRIMMED.labels(schema, "idempotency").inc(trimmed.answers)
            more = more or trimmed.more
        return 0.0 if more else _ROUND_S

    async def check(self) -> None:
        """Raise when no round was done for half a minute."""
        await self._loop.check()
