"""Save a version of a Policy: checked as a whole before anything is written; then Subjects fold by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from calendars.contract import Calendars, TimelineRecord
from clocks.contract import SavedPolicy, SavePolicy
from clocks.domain.errors import DefaultCalendarMissingError
from clocks.domain.policy import Policy
from clocks.domain.policy_advice import advise
from clocks.domain.policy_document import parse_policy
from clocks.domain.refusals import CalendarUnknownError, PolicyKeyInvalidError, VersionConflictError
from clocks.operations.adopt_calendars import adopt
from clocks.operations.load_rulebook import is_unknown_calendar, read_timelines
from clocks.operations.read_policy import read_record
from clocks.operations.read_values import read_instant
from clocks.storage.default_calendars import read_defaults
from clocks.storage.policies import (
    PolicyRow,
    VersionRow,
    insert_policy,
    insert_version,
    lock_policy,
    update_policy,
)
from clocks.storage.refolds import insert_refold
from clocks.storage.rulebooks import change_policies, ensure_rulebook
from pgstore.connection import Connection
from pgstore.database import Database
from pgstore.idempotency import once
from serving.context import RequestContext

__all__ = ["save"]

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


async def save(
    context: RequestContext, request: SavePolicy, *, database: Database, calendars: Calendars, now: datetime
) -> SavedPolicy:
    """Save a version.

    Raises PolicyKeyInvalidError, VersionConflictError, CalendarUnknownError, InstantNaiveError, and the
    document's own PolicyInvalidError and its kinds; each names the field.
    """
    if not _KEY.fullmatch(request.key):
        raise PolicyKeyInvalidError(
            "key: is 1 to 63 characters of a-z, 0-9, _ and -, and begins with a letter or digit", field="key"
        )
    policy = parse_policy(request.document)
    effective_from = request.effective_from
    if effective_from is not None:
        read_instant(effective_from, field="effective_from")
    elif request.expected_version > 0:
        effective_from = now
    version = VersionRow(
        request.key, request.expected_version + 1, effective_from, request.document, now, context.subject
    )
    timelines = await _find_calendars(context, calendars, policy)
    async with database.transaction(context.tenant_id) as connection:

        async def effect() -> SavedPolicy:
            return await _write(connection, policy, version, timelines)

        return await once(
            connection,
            key=context.idempotency_key,
            operation="save_policy",
            request=request,
            answer_type=SavedPolicy,
            effect=effect,
        )


async def _write(
    connection: Connection, policy: Policy, version: VersionRow, timelines: Sequence[TimelineRecord]
) -> SavedPolicy:
    await ensure_rulebook(connection)
    await change_policies(connection)
    if policy.calendars.default is None and not await read_defaults(connection):
        raise DefaultCalendarMissingError(
            "is missing, and the tenant has no default calendar", field="calendars.default"
        )
    latest = await lock_policy(connection, version.policy_key)
    if latest != version.version - 1:
        raise VersionConflictError(
            f"expected_version: the latest version is {latest}, not {version.version - 1}",
            field="expected_version",
        )
    if latest == 0:
        await insert_policy(connection, version.policy_key, policy.name)
    else:
        await update_policy(connection, PolicyRow(version.policy_key, policy.name, version.version))
    await insert_version(connection, version)
    await adopt(connection, timelines)
    await insert_refold(
        connection,
        cause=f"policy {version.policy_key} version {version.version}",
        calendar_key=None,
        since=version.effective_from,
    )
    saved = await read_record(connection, version.policy_key)
    return SavedPolicy(
        key=saved.key,
        name=saved.name,
        version=saved.version,
        versions=saved.versions,
        advice=tuple(each.within("document") for each in advise(policy)),
    )


async def _find_calendars(
    context: RequestContext, calendars: Calendars, policy: Policy
) -> Sequence[TimelineRecord]:
    keys = sorted(policy.calendar_keys)
    try:
        records = await read_timelines(calendars, context, keys)
    except Exception as error:
        if not is_unknown_calendar(error):
            raise
    else:
        return records
    return [await _find_calendar(context, calendars, policy, key) for key in keys]


async def _find_calendar(
    context: RequestContext, calendars: Calendars, policy: Policy, key: str
) -> TimelineRecord:
    """Ask for one Calendar; raises CalendarUnknownError, which names where the document mentions it."""
    try:
        return (await read_timelines(calendars, context, [key]))[0]
    except Exception as error:
        if not is_unknown_calendar(error):
            raise
        path = next(path for path, named in _mentions(policy) if named == key)
        raise CalendarUnknownError(f"{path}: there is no calendar {key!r}", field=path) from error


def _mentions(policy: Policy) -> Iterator[tuple[str, str | None]]:
    """List where a document names Calendars, in the order in which it is read."""
    yield "calendars.default", policy.calendars.default
    for value, key in policy.calendars.mapping.items():
        yield f"calendars.mapping.{value}", key
    for metric in policy.metrics:
        for index, target in enumerate(metric.targets):
            yield f"metrics.{metric.name}.targets[{index}].calendar", target.calendar_key
