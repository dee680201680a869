"""The services of benchmarks, in this process, as `meantime serve` composes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from calendars.app import open_calendars
from calendars.service import CalendarsService
from calendars.settings import Settings as CalendarsSettings
from clocks.app import open_clocks, utc_now
from clocks.service import ClocksService
from clocks.settings import Settings
from embedded.running import Servers

__all__ = ["SECRET", "Services", "fields_of", "open_services"]

SECRET = "a secret of benchmarks, longer than 32"  # noqa: S105 - guards nothing


class Services(NamedTuple):
    """Those that most benchmarks are about."""

    clocks: ClocksService
    calendars: CalendarsService


def fields_of(servers: Servers) -> dict[str, Any]:
    """Give the settings that every service has."""
    return {"database_url": servers.database_url, "redis_url": servers.redis_url, "internal_secret": SECRET}


@asynccontextmanager
async def open_services(
    servers: Servers, *, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Services]:
    """Open both for as long as the block runs."""
    fields = fields_of(servers)
    async with AsyncExitStack() as stack:
        calendars = await stack.enter_async_context(open_calendars(CalendarsSettings(**fields)))
        clocks = await stack.enter_async_context(
            open_clocks(Settings(**fields), calendars=calendars, now=now)
        )
        yield Services(clocks, calendars)
