"""Take changed rules of a zone over: explicit, audited, once; followers count anew what rests on them."""

from __future__ import annotations

from datetime import datetime

from businesstime.zones import ZoneDatabase
from calendars.domain.calendar import read_reason
from calendars.domain.import_errors import ZoneUnwatchedError
from calendars.domain.watch_door import AdoptedZoneRules, AdoptZoneRules
from calendars.operations.read_watches import look_at_zones, read_all
from calendars.storage import calendars, messages, watches
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["adopt"]


async def adopt(
    context: RequestContext,
    request: AdoptZoneRules,
    *,
    database: Database,
    zones: ZoneDatabase,
    now: datetime,
) -> AdoptedZoneRules:
    """Take them over; tell `calendar.zone_rules_adopted`. Raises ZoneUnwatchedError, ReasonInvalidError."""
    async with database.transaction(context.tenant_id) as connection:
        await calendars.lock_book(connection, context.tenant_id)
        return await once(
            connection,
            key=context.idempotency_key,
            operation="adopt_zone_rules",
            request=request,
            answer_type=AdoptedZoneRules,
            effect=lambda: _adopt(connection, context, request, zones, now),
        )


async def _adopt(
    connection: Connection,
    context: RequestContext,
    request: AdoptZoneRules,
    zones: ZoneDatabase,
    now: datetime,
) -> AdoptedZoneRules:
    tenant_id, reason = context.tenant_id, read_reason(request.reason)
    book = await read_all(connection, tenant_id)
    seen = look_at_zones(book, await watches.read_rules(connection, tenant_id), zones, now)
    change = next((each for each in seen.changes if each.zone == request.zone), None)
    if change is None:
        raise ZoneUnwatchedError(
            f"zone: no change of the rules of {request.zone[:60]!r} waits to be taken over", field="zone"
        )
    await watches.add_change(connection, tenant_id, change, now)
    await watches.adopt_change(connection, tenant_id, change, by=context.subject, reason=reason, now=now)
    await watches.save_rules(connection, tenant_id, seen.current[change.zone], now)
    await messages.tell_zone_rules_adopted(connection, change)
    return AdoptedZoneRules(change=change, adopted_at=now, adopted_by=context.subject, reason=reason)
