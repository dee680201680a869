"""The currencies of ISO 4217 and how many decimals their minor units have.

The table `iso4217.csv` beside this module is taken from list one of the ISO 4217 maintenance agency
(SIX Financial Information), published 2026-01-01. Codes without minor units (precious metals, units of
account, test codes) are left out: no amount of them can be owed here.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from money.errors import CurrencyUnknownError

__all__ = ["ISO_4217_PUBLISHED", "Currency", "currencies", "currency"]

ISO_4217_PUBLISHED = "2026-01-01"


@dataclass(frozen=True, kw_only=True, slots=True)
class Currency:
    """One currency of ISO 4217.

    code: three capital letters, as BRL.
    number: the three digits of the numeric code, as "986".
    exponent: decimals of the minor unit: 2 for BRL, 0 for JPY, 3 for KWD.
    name: its English name in the standard.
    """

    code: str
    number: str
    exponent: int
    name: str

    @property
    def minor_per_major(self) -> int:
        """How many minor units make one of the currency: 100 for BRL, 1 for JPY."""
        return int(10**self.exponent)


@cache
def currencies() -> Mapping[str, Currency]:
    """List every currency by its code, in order of code."""
    text = resources.files("money").joinpath("iso4217.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["code"]: _from_row(row) for row in csv.DictReader(text.splitlines())})


def currency(code: str) -> Currency:
    """Find the currency with that code (capital letters); CurrencyUnknownError when there is none."""
    try:
        return currencies()[code]
    except (KeyError, TypeError):
        raise CurrencyUnknownError(
            f"{str(code)[:40]!r} is not an ISO 4217 currency with minor units (expected a code such as EUR)"
        ) from None


def _from_row(row: dict[str, str]) -> Currency:
    return Currency(code=row["code"], number=row["number"], exponent=int(row["exponent"]), name=row["name"])
