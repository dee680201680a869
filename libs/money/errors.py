"""What can go wrong with money, as one tree.

MoneyError
├── CurrencyUnknownError      a code that ISO 4217 does not list with minor units
├── AmountInvalidError        text that is no exact amount of its currency
├── CurrencyMismatchError     two currencies in one sum
├── ShareInvalidError         text that is no exact percentage or ratio
├── RoundingUnknownError      a rounding mode that does not exist
└── AllocationImpossibleError a total that its weights cannot carry
"""

from __future__ import annotations

__all__ = [
    "AllocationImpossibleError",
    "AmountInvalidError",
    "CurrencyMismatchError",
    "CurrencyUnknownError",
    "MoneyError",
    "RoundingUnknownError",
    "ShareInvalidError",
]


class MoneyError(Exception):
    """The root; `code` and `kind` are stable, `field` is filled in by whoever knows the document."""

    code = "money_invalid"
    kind = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class CurrencyUnknownError(MoneyError):
    """The code is not one of ISO 4217's currencies that have minor units."""

    code = "currency_unknown"


class AmountInvalidError(MoneyError):
    """The text is not an exact amount of the currency."""

    code = "amount_invalid"


class CurrencyMismatchError(MoneyError):
    """Amounts of two currencies do not add up or compare."""

    code = "currency_mismatch"


class ShareInvalidError(MoneyError):
    """The text is not an exact percentage or ratio."""

    code = "share_invalid"


class RoundingUnknownError(MoneyError):
    """The name is not one of the rounding modes."""

    code = "rounding_unknown"


class AllocationImpossibleError(MoneyError):
    """The weights are empty, negative, or all zero."""

    code = "allocation_impossible"
