"""Tiers: pieces of a measure's values, each with the share that is owed when the value falls into it.

A bound says itself whether it includes its end, so 90 % belongs to exactly one of "at least 90 %" and
"below 90 %". Inside, a bound is a Cut between values: just before a value or just after it; then an open end,
a closed end, a gap and an overlap are all plain comparisons of Cuts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from credits.domain.errors import TiersInvalidError
from money import percentage_text

__all__ = ["Comparison", "Cut", "Span", "Tier", "check_tiers", "missed_span"]


class Comparison(StrEnum):
    """How a value is held against an objective."""

    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"


@dataclass(frozen=True, order=True, slots=True)
class Cut:
    """A place between values: just before `value`, or, when `after`, just after it."""

    value: Fraction
    after: bool

    def admits(self, value: Fraction) -> bool:
        """Say whether `value` lies after this Cut."""
        return value > self.value or (value == self.value and not self.after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The values between two Cuts; empty when `upper` is not after `lower`."""

    lower: Cut
    upper: Cut

    def __contains__(self, value: Fraction) -> bool:
        return self.lower.admits(value) and not self.upper.admits(value)

    @property
    def is_empty(self) -> bool:
        """Say whether no value lies in it."""
        return self.upper <= self.lower

    def clipped(self, other: Span) -> Span:
        """Keep what lies in both."""
        return Span(lower=max(self.lower, other.lower), upper=min(self.upper, other.upper))

    def __str__(self) -> str:
        lower = f"{'above' if self.lower.after else 'at least'} {percentage_text(self.lower.value)}"
        upper = f"{'at most' if self.upper.after else 'below'} {percentage_text(self.upper.value)}"
        return f"{lower}, {upper}"


SHARES = Span(lower=Cut(Fraction(0), after=False), upper=Cut(Fraction(1), after=True))
"""Every value that a share can have, both ends included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """The share of the base that is owed for a value within the span."""

    span: Span
    share: Fraction


def missed_span(comparison: Comparison, objective: Fraction) -> Span:
    """Give the values, among all shares, that miss the objective."""
    match comparison:
        case Comparison.AT_LEAST:
            return Span(lower=SHARES.lower, upper=Cut(objective, after=False))
        case Comparison.ABOVE:
            return Span(lower=SHARES.lower, upper=Cut(objective, after=True))
        case Comparison.AT_MOST:
            return Span(lower=Cut(objective, after=True), upper=SHARES.upper)
        case Comparison.BELOW:
            return Span(lower=Cut(objective, after=False), upper=SHARES.upper)


def check_tiers(tiers: Sequence[Tier], missed: Span, *, field: str) -> None:
    """Refuse tiers that do not give each missed value exactly one tier.

    Raises TiersInvalidError with the code tier_unreachable, tiers_overlap or tiers_gap, and the tier's path.
    """
    for index, tier in enumerate(tiers):
        if tier.span.clipped(missed).is_empty:
            raise TiersInvalidError(
                f"no value that misses the objective ({missed}) is {tier.span}",
                field=f"{field}[{index}]",
                code="tier_unreachable",
            )
    _check_cover(_in_order(tiers, missed), missed, field=field)


def _in_order(tiers: Sequence[Tier], missed: Span) -> list[tuple[int, Span]]:
    spans = [(index, tier.span.clipped(missed)) for index, tier in enumerate(tiers)]
    return sorted(spans, key=lambda place: place[1].lower)


def _check_cover(places: Iterable[tuple[int, Span]], missed: Span, *, field: str) -> None:
    reached, last = missed.lower, None
    for index, span in places:
        if span.lower < reached:
            shared = Span(lower=span.lower, upper=min(reached, span.upper))
            raise TiersInvalidError(
                f"tiers {last} and {index} both hold for a value {shared}", field=field, code="tiers_overlap"
            )
        _check_no_gap(Span(lower=reached, upper=span.lower), field=field)
        reached, last = span.upper, index
    _check_no_gap(Span(lower=reached, upper=missed.upper), field=field)


def _check_no_gap(between: Span, *, field: str) -> None:
    if not between.is_empty:
        raise TiersInvalidError(f"no tier holds for a value {between}", field=field, code="tiers_gap")
