"""ICS sources in PostgreSQL. Every call but `list_due` runs in its caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from calendars.domain.document_imports import Entries, Import, SourceKey
from calendars.domain.ics_reading import SkippedEvent
from calendars.domain.ics_source import Decision, IcsEdition, IcsSource, IcsSourceEvent
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row
from serving.outgoing import NOTHING_KNOWN, Validators

__all__ = [
    "add_decision",
    "add_edition",
    "add_imports",
    "claim_check",
    "count_sources",
    "list_due",
    "list_ever_importers",
    "list_importers",
    "list_keys",
    "lock_source",
    "read_accepted",
    "read_content",
    "read_digests",
    "read_editions",
    "read_history",
    "read_sources",
    "read_validators",
    "save_source",
    "set_checked",
    "set_standing",
    "set_validators",
]

_SQL = load_blocks("calendars.storage", "ics_sources.sql")


async def save_source(connection: Connection, tenant_id: str, source: IcsSource) -> None:
    """Add a source, or change its name, address and rhythm; by `created_by`, at `created_at`."""
    await connection.execute(
        _SQL["save_source"],
        tenant_id,
        source.key,
        source.name,
        source.url,
        source.refresh_hours,
        source.next_check_at,
        source.created_at,
        source.created_by,
    )
    await connection.execute(
        _SQL["insert_save"],
        tenant_id,
        source.key,
        source.created_at,
        source.created_by,
        source.name,
        source.host,
        source.refresh_hours,
    )


async def read_history(
    connection: Connection, tenant_id: str, keys: Iterable[SourceKey], *, limit: int
) -> Mapping[SourceKey, list[IcsSourceEvent]]:
    """Read the newest things that were done to each source, by source, newest first."""
    found: dict[SourceKey, list[IcsSourceEvent]] = {}
    for row in await connection.fetch(_SQL["read_history"], tenant_id, list(keys), limit):
        fields = dict(row.items())
        found.setdefault(fields.pop("key"), []).append(IcsSourceEvent(**fields))
    return found


async def count_sources(connection: Connection, tenant_id: str) -> int:
    """Count a tenant's sources."""
    count: int = await connection.fetchval(_SQL["count_sources"], tenant_id)
    return count


async def read_sources(
    connection: Connection, tenant_id: str, keys: Iterable[SourceKey]
) -> dict[SourceKey, IcsSource]:
    """Read sources by key; those that are not there are left out."""
    rows = await connection.fetch(_SQL["read_sources"], tenant_id, list(keys))
    return {row["key"]: _source(row) for row in rows}


async def list_keys(connection: Connection, tenant_id: str, *, after: str, limit: int) -> list[SourceKey]:
    """List keys in order, those after `after`."""
    return [row["key"] for row in await connection.fetch(_SQL["list_keys"], tenant_id, after, limit)]


async def lock_source(connection: Connection, tenant_id: str, key: SourceKey) -> IcsSource | None:
    """Read a source and hold it; None where the tenant has none of that key. Taken after the book's lock."""
    row = await connection.fetchrow(_SQL["lock_source"], tenant_id, key)
    return None if row is None else _source(row)


async def add_edition(connection: Connection, tenant_id: str, key: SourceKey, edition: IcsEdition) -> None:
    """Add what a source said."""
    await connection.execute(
        _SQL["insert_edition"],
        tenant_id,
        key,
        edition.edition,
        edition.digest,
        msgspec.json.encode(edition.entries).decode(),
        msgspec.json.encode(edition.skipped).decode(),
        edition.read_at,
        edition.read_by,
    )


async def set_standing(connection: Connection, tenant_id: str, source: IcsSource) -> None:
    """Save which editions are there, count, wait and were turned down."""
    await connection.execute(
        _SQL["set_standing"],
        tenant_id,
        source.key,
        source.editions,
        source.accepted,
        source.pending,
        source.dismissed,
    )


async def set_checked(
    connection: Connection,
    tenant_id: str,
    key: SourceKey,
    *,
    at: datetime,
    problem: str | None,
    next_at: datetime | None,
) -> None:
    """Record a look at a feed, or an upload."""
    await connection.execute(_SQL["set_checked"], tenant_id, key, at, problem, next_at)


async def read_validators(connection: Connection, tenant_id: str, key: SourceKey) -> Validators:
    """Read by what a feed can tell whether it still says what was read last."""
    row = await connection.fetchrow(_SQL["read_validators"], tenant_id, key)
    return NOTHING_KNOWN if row is None else Validators(row["etag"], row["last_modified"])


async def set_validators(
    connection: Connection, tenant_id: str, key: SourceKey, validators: Validators
) -> None:
    """Record them, of what was read now."""
    await connection.execute(_SQL["set_validators"], tenant_id, key, *validators)


async def claim_check(
    connection: Connection, tenant_id: str, key: SourceKey, *, now: datetime, next_at: datetime
) -> str | None:
    """Take the next look at a feed and return its address; None where it is not due, or another has it."""
    url: str | None = await connection.fetchval(_SQL["claim_check"], tenant_id, key, now, next_at)
    return url


async def list_due(
    connection: Connection, *, now: datetime, limit: int, of_tenant: int, busy: Sequence[str]
) -> list[tuple[str, SourceKey]]:
    """List (tenant, key) of feeds that are to be looked at, on a connection without a tenant."""
    rows = await connection.fetch(_SQL["list_due"], now, limit, of_tenant, list(busy))
    return [(row["tenant_id"], row["key"]) for row in rows]


async def read_editions(
    connection: Connection, tenant_id: str, wanted: Iterable[tuple[SourceKey, int]]
) -> dict[tuple[SourceKey, int], IcsEdition]:
    """Read editions by source and number."""
    pairs = list(wanted)
    rows = await connection.fetch(
        _SQL["read_editions"], tenant_id, [key for key, _ in pairs], [number for _, number in pairs]
    )
    return {(row["key"], row["edition"]): _edition(row) for row in rows}


async def read_digests(connection: Connection, tenant_id: str, source: IcsSource) -> dict[int, str]:
    """Read the digests of the editions that count, wait and were turned down, by number."""
    numbers = [each for each in (source.accepted, source.pending, source.dismissed) if each is not None]
    rows = await connection.fetch(_SQL["read_digests"], tenant_id, source.key, numbers)
    return {row["edition"]: row["digest"] for row in rows}


async def add_decision(
    connection: Connection,
    tenant_id: str,
    key: SourceKey,
    edition: int,
    *,
    decision: Decision,
    at: datetime,
    by: str,
    reason: str | None,
) -> None:
    """Write the audit of a decision."""
    await connection.execute(_SQL["insert_decision"], tenant_id, key, edition, decision.value, at, by, reason)


async def read_accepted(
    connection: Connection, tenant_id: str, keys: Iterable[SourceKey]
) -> dict[SourceKey, str]:
    """Read the digests of what counts, by source; sources of which nothing counts are left out."""
    rows = await connection.fetch(_SQL["read_accepted"], tenant_id, list(keys))
    return {row["key"]: row["digest"] for row in rows}


async def read_content(
    connection: Connection, tenant_id: str, imports: Iterable[Import]
) -> dict[tuple[SourceKey, str], Entries]:
    """Read what pinned imports mean, by source and digest; what was never accepted is left out."""
    pairs = {(each.source, each.digest) for each in imports if each.digest is not None}
    if not pairs:
        return {}
    rows = await connection.fetch(
        _SQL["read_content"], tenant_id, [source for source, _ in pairs], [digest for _, digest in pairs]
    )
    return {(row["key"], row["digest"]): _entries(row["entries"]) for row in rows}


async def add_imports(
    connection: Connection, tenant_id: str, key: str, version: int, imports: Iterable[Import]
) -> None:
    """Record what a version is pinned to."""
    pairs = [(each.source, each.digest) for each in imports]
    if pairs:
        await connection.execute(
            _SQL["insert_imports"],
            tenant_id,
            key,
            version,
            [source for source, _ in pairs],
            [digest for _, digest in pairs],
        )


async def list_ever_importers(connection: Connection, tenant_id: str, key: SourceKey) -> list[str]:
    """List the Calendars of which some version names a source, in order of key."""
    return [row["key"] for row in await connection.fetch(_SQL["list_ever_importers"], tenant_id, key)]


async def list_importers(
    connection: Connection, tenant_id: str, keys: Iterable[SourceKey]
) -> Mapping[SourceKey, list[str]]:
    """List the Calendars whose latest version names a source, by source, in order of key."""
    found: dict[SourceKey, list[str]] = {}
    for row in await connection.fetch(_SQL["list_importers"], tenant_id, list(keys)):
        found.setdefault(row["source"], []).append(row["key"])
    return found


def _source(row: Row) -> IcsSource:
    return IcsSource(**dict(row.items()))


def _edition(row: Row) -> IcsEdition:
    return IcsEdition(
        edition=row["edition"],
        digest=row["digest"],
        entries=_entries(row["entries"]),
        skipped=msgspec.json.decode(row["skipped"], type=tuple[SkippedEvent, ...]),
        read_at=row["read_at"],
        read_by=row["read_by"],
    )


def _entries(text: str) -> Entries:
    entries: list[dict[str, Any]] = msgspec.json.decode(text)
    return tuple(entries)
