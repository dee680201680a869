"""Exact money: ISO 4217 currencies, amounts in minor units, rounding once, allocation without a lost unit."""

from __future__ import annotations

from money.allocation import allocate
from money.amounts import MAX_AMOUNT_MINOR, Money, parse_money, rounded
from money.currencies import ISO_4217_PUBLISHED, Currency, currencies, currency
from money.errors import (
    AllocationImpossibleError,
    AmountInvalidError,
    CurrencyMismatchError,
    CurrencyUnknownError,
    MoneyError,
    RoundingUnknownError,
    ShareInvalidError,
)
from money.rounding import Rounding, round_ratio, rounding
from money.shares import exact_text, parse_share, percentage_text

__all__ = [
    "ISO_4217_PUBLISHED",
    "MAX_AMOUNT_MINOR",
    "AllocationImpossibleError",
    "AmountInvalidError",
    "Currency",
    "CurrencyMismatchError",
    "CurrencyUnknownError",
    "Money",
    "MoneyError",
    "Rounding",
    "RoundingUnknownError",
    "ShareInvalidError",
    "allocate",
    "currencies",
    "currency",
    "exact_text",
    "parse_money",
    "parse_share",
    "percentage_text",
    "round_ratio",
    "rounded",
    "rounding",
]
