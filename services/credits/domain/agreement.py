"""An Agreement: the contract with one customer, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from credits.domain.tier import Comparison, Tier
from money import Money, Rounding

__all__ = ["Agreement", "AttainmentMeasure", "NoData", "ServiceLevel", "TieredRule"]


class NoData(StrEnum):
    """What a period without any data counts as."""

    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, kw_only=True, slots=True)
class AttainmentMeasure:
    """Cycles met of Cycles due or done in the period.

    policy, metric: whose Clocks. target: one Target's Cycles only; None: all.
    """

    policy: str
    metric: str
    target: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TieredRule:
    """A share of the period's fee, chosen by the Tier that the missed value falls into.

    tiers: as written; each missed value has exactly one.
    """

    tiers: tuple[Tier, ...]

    def tier_for(self, value: Fraction) -> Tier:
        """Give the one Tier that holds for a value which misses the objective."""
        return next(tier for tier in self.tiers if value in tier.span)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevel:
    """One promise over a period, and what is owed when it is not kept.

    key: unique in the Agreement. comparison, objective: what makes the measured value a kept promise.
    no_data: what a period without data counts as.
    """

    key: str
    measure: AttainmentMeasure
    comparison: Comparison
    objective: Fraction
    no_data: NoData
    rule: TieredRule

    def is_met_by(self, value: Fraction) -> bool:
        """Compare exactly."""
        match self.comparison:
            case Comparison.AT_LEAST:
                return value >= self.objective
            case Comparison.ABOVE:
                return value > self.objective
            case Comparison.AT_MOST:
                return value <= self.objective
            case Comparison.BELOW:
                return value < self.objective

    @property
    def worst_value(self) -> Fraction:
        """The value furthest from the objective: what missing data counts as, where it counts as missed."""
        return Fraction(0) if self.comparison in {Comparison.AT_LEAST, Comparison.ABOVE} else Fraction(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """The contract with one customer.

    zone: IANA name; periods are civil months in it. fee: what the customer pays for a period.
    rounding: how the period's amount becomes minor units, once. cap_share: the largest share of the fee that
    one period can cost; None: no cap.
    """

    customer: str
    zone: str
    fee: Money
    rounding: Rounding
    levels: tuple[ServiceLevel, ...]
    cap_share: Fraction | None
