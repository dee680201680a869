"""A Measurement: the exact value of one ServiceLevel's Measure in a period, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Measurement"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """An exact ratio.

    numerator, denominator: as counted, not in lowest terms, so that the sample's size stays readable.
    evidence_hash: SHA-256 over what was counted, as the service that counted it says.
    """

    numerator: int
    denominator: int
    evidence_hash: str

    @property
    def value(self) -> Fraction | None:
        """The ratio; None when there is no data."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None
