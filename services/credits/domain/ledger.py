"""LedgerEntries: what a closed Statement makes the tenant owe, balanced by their shape.

One entry is a pair: it names the account debited and the account credited and holds one amount above zero,
so it cannot be out of balance. Entries are only ever added; a wrong one is reversed by another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Account", "LedgerEntry", "entries_for"]


class Account(StrEnum):
    """The accounts between which ServiceCredits move."""

    CREDITS_EXPENSE = "credits_expense"
    CUSTOMER_PAYABLE = "customer_payable"


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One movement for one level; (agreement, version, period, level, revision) never moves twice."""

    agreement_key: str
    agreement_version: int
    period: str
    level: str
    revision: int
    debit: Account
    credit: Account
    amount_minor: int
    currency: str


def entries_for(
    owed_minor: Mapping[str, int],
    *,
    agreement_key: str,
    agreement_version: int,
    period: str,
    currency: str,
) -> tuple[LedgerEntry, ...]:
    """Make the first revision's entries from the amount owed for each level: none where that is nothing."""
    return tuple(
        LedgerEntry(
            agreement_key=agreement_key,
            agreement_version=agreement_version,
            period=period,
            level=level,
            revision=0,
            debit=Account.CREDITS_EXPENSE,
            credit=Account.CUSTOMER_PAYABLE,
            amount_minor=amount_minor,
            currency=currency,
        )
        for level, amount_minor in owed_minor.items()
        if amount_minor > 0
    )
