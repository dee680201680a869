"""LedgerEntries: added, read, and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from credits.domain.ledger import Account, LedgerEntry
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["add_entries", "read_entries"]

_SQL = load_blocks("credits.storage", "ledger.sql")


async def add_entries(
    connection: Connection, entries: Iterable[LedgerEntry], *, statement_number: int, posted_at: datetime
) -> None:
    """Post the entries of a Statement; the database refuses one whose permanent key was posted before."""
    await connection.executemany(
        _SQL["add_entry"],
        [
            (
                entry.agreement_key,
                entry.agreement_version,
                entry.period,
                entry.level,
                entry.revision,
                statement_number,
                entry.debit,
                entry.credit,
                entry.amount_minor,
                entry.currency,
                posted_at,
            )
            for entry in entries
        ],
    )


async def read_entries(connection: Connection, statement_number: int) -> tuple[LedgerEntry, ...]:
    """Read the entries of a Statement, in order of level and revision."""
    return tuple(
        LedgerEntry(
            agreement_key=row["agreement_key"],
            agreement_version=row["agreement_version"],
            period=row["period"],
            level=row["level"],
            revision=row["revision"],
            debit=Account(row["debit_account"]),
            credit=Account(row["credit_account"]),
            amount_minor=row["amount_minor"],
            currency=row["currency"],
        )
        for row in await connection.fetch(_SQL["read_entries"], statement_number)
    )
