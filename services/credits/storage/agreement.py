"""Agreements and their versions, from rows and to rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from credits.contract import AgreementRecord, AgreementVersionRecord
from pgstore.blocks import load_blocks
from pgstore.connection import Connection, Row

__all__ = [
    "LatestVersion",
    "create_or_advance",
    "list_keys",
    "read_agreements",
    "read_latest",
    "read_version",
]

_NO_VERSION = 2**63 - 1
_SQL = load_blocks("credits.storage", "agreement.sql")


@dataclass(frozen=True, kw_only=True, slots=True)
class LatestVersion:
    """The latest version of an Agreement: what an assessment is made by."""

    version: int
    document: dict[str, Any]


async def create_or_advance(
    connection: Connection,
    *,
    key: str,
    customer: str,
    document: dict[str, Any],
    expected_version: int,
    created_at: datetime,
    created_by: str,
) -> int | None:
    """Keep a document as the version after the expected one (0: none); None when that is not the latest."""
    if not 0 <= expected_version < _NO_VERSION:
        return None
    if expected_version == 0:
        version = await connection.fetchval(_SQL["create_agreement"], key, customer)
    else:
        version = await connection.fetchval(_SQL["advance_agreement"], key, customer, expected_version)
    if version is None:
        return None
    await connection.execute(_SQL["add_version"], key, version, document, created_at, created_by)
    return int(version)


async def read_version(connection: Connection, key: str) -> int:
    """Read the latest version's number; 0 when there is no such Agreement."""
    return int(await connection.fetchval(_SQL["read_version"], key) or 0)


async def read_latest(connection: Connection, key: str) -> LatestVersion | None:
    """Read the latest version."""
    row = await connection.fetchrow(_SQL["read_latest"], key)
    return LatestVersion(version=row["version"], document=row["document"]) if row else None


async def read_agreements(connection: Connection, keys: Sequence[str]) -> tuple[AgreementRecord, ...]:
    """Read Agreements with all their versions, in order of key; unknown keys are left out."""
    rows = await connection.fetch(_SQL["read_agreements"], list(keys))
    return tuple(_record(key, list(group)) for key, group in groupby(rows, key=lambda row: str(row[0])))


async def list_keys(connection: Connection, *, after: str | None, limit: int) -> list[str]:
    """List at most `limit` keys in order, after a key."""
    return [row["agreement_key"] for row in await connection.fetch(_SQL["list_keys"], after, limit)]


def _record(key: str, rows: Sequence[Row]) -> AgreementRecord:
    versions = tuple(
        AgreementVersionRecord(
            version=row["version"],
            document=row["document"],
            created_at=row["created_at"],
            created_by=row["created_by"],
        )
        for row in rows
    )
    return AgreementRecord(
        key=key, customer=rows[-1]["customer"], version=versions[-1].version, versions=versions
    )
