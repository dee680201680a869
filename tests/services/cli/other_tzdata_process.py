"""Meantime in a process that comes with another tzdata: what it lists, and what taking over does.

Arguments: the URLs of PostgreSQL and Redis, a tenant, a zone. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import sys

import msgspec

from calendars.app import open_calendars
from calendars.settings import Settings as CalendarsSettings
from cli.graphql import GatewayClient, GatewayRefusalError, open_gateway_client
from clocks.settings import Settings
from tests.services.cli.running import NOW, SECRET, access_for, running_gateway
from tests.services.clocks.following import eventually, working

__all__ = ["DUE", "Found"]

WATCHES = """{ calendarWatches { tzdataVersion zones { zone fromVersion toVersion calendars cycles {
  running moved earlier moves { subjectId dueBefore dueAfter }
} } } }"""
ADOPT = """mutation ($zone: String!, $key: String!) {
  adoptZoneRules(zone: $zone, reason: "Decree 12", idempotencyKey: $key) {
    adoptedBy errors { code kind field message }
  }
}"""
DUE = '{ subject(subjectId: "T-1") { cycles { dueAt revision } } }'


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen: the watches before and after, the Cycle before, after, and when it was asked again."""

    watches: dict[str, object]
    before: dict[str, object]
    after: dict[str, object]
    again: str
    left: dict[str, object]


async def look(database_url: str, redis_url: str, tenant: str, zone: str) -> Found:
    """Open everything among the other rules, and take them over."""
    settings = Settings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
    own = CalendarsSettings(database_url=database_url, redis_url=redis_url, internal_secret=SECRET)
    async with (
        open_calendars(own, now=lambda: NOW) as calendars,
        working(settings, calendars),
        running_gateway(database_url, redis_url) as url,
        open_gateway_client(await access_for(database_url, url, tenant)) as client,
    ):
        watches = (await client.ask(WATCHES))["calendarWatches"]
        before = await cycle(client)
        await client.change(ADOPT, {"zone": zone, "key": "once"})

        async def moved() -> bool:  # a Reading may tell the new due time before the row is written
            return (await cycle(client))["revision"] != before["revision"]

        await eventually(moved)
        after = await cycle(client)
        await client.change(ADOPT, {"zone": zone, "key": "once"})
        again = ""
        try:
            await client.change(ADOPT, {"zone": zone, "key": "twice"})
        except GatewayRefusalError as error:
            again = error.code
        left = (await client.ask(WATCHES))["calendarWatches"]
        return Found(watches=watches, before=before, after=after, again=again, left=left)


async def cycle(client: GatewayClient) -> dict[str, object]:
    """Read the Cycle."""
    (found,) = (await client.ask(DUE))["subject"]["cycles"]
    return dict(found)


if __name__ == "__main__":
    sys.stdout.write("\n" + msgspec.json.encode(asyncio.run(look(*sys.argv[1:]))).decode() + "\n")
