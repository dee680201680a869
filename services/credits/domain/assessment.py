"""What a period costs: measure, compare, rule amount, sum, cap, round once, split. Pure and exact.

Every value between the measurement and the end is a Fraction; each step is kept with its exact result, so
that a reader can follow it with pencil and paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from credits.domain.agreement import Agreement, NoData, ServiceLevel
from credits.domain.inputs_hash import instant_text
from credits.domain.measurement import Measurement
from credits.domain.period import Period
from money import Money, allocate, exact_text, percentage_text, rounded

__all__ = ["Assessment", "LevelCredit", "Step", "Verdict", "assess"]


class Verdict(StrEnum):
    """Whether the promise of a level was kept; no data is a verdict of its own."""

    MET = "MET"
    MISSED = "MISSED"
    NO_DATA = "NO_DATA"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the computation: what was done, in words, and its exact result."""

    step: str
    detail: str
    result: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelCredit:
    """What is owed for one ServiceLevel: its part of the capped, rounded total."""

    level: str
    verdict: Verdict
    measurement: Measurement
    amount_minor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """The computation of one period; the credits' amounts sum to `amount`, always."""

    credits: tuple[LevelCredit, ...]
    before_cap: Money
    amount: Money
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    level: ServiceLevel
    measurement: Measurement
    verdict: Verdict
    owed_minor: Fraction
    steps: tuple[Step, ...]


def assess(agreement: Agreement, period: Period, measurements: Mapping[str, Measurement]) -> Assessment:
    """Compute what the period costs, from one Measurement for each level's key (KeyError without one)."""
    judged = [_judge(agreement, level, measurements[level.key]) for level in agreement.levels]
    total = sum((item.owed_minor for item in judged), start=Fraction(0))
    capped = total if agreement.cap_share is None else min(total, agreement.cap_share * agreement.fee.minor)
    amount = rounded(capped, agreement.fee.currency, agreement.rounding)
    parts = _split(amount.minor, [item.owed_minor for item in judged])
    return Assessment(
        credits=tuple(
            LevelCredit(
                level=item.level.key, verdict=item.verdict, measurement=item.measurement, amount_minor=part
            )
            for item, part in zip(judged, parts, strict=True)
        ),
        before_cap=rounded(total, agreement.fee.currency, agreement.rounding),
        amount=amount,
        steps=(
            _period_step(agreement, period),
            *(step for item in judged for step in item.steps),
            *_closing_steps(agreement, total, capped, amount, parts),
        ),
    )


def _judge(agreement: Agreement, level: ServiceLevel, measurement: Measurement) -> _Judged:
    """Compare one level's value with its objective and apply its rule."""
    verdict, value = _verdict(level, measurement)
    steps = [
        _measure_step(level, measurement),
        _step(level, "compare", f"{level.comparison} {percentage_text(level.objective)}", verdict),
    ]
    owed = Fraction(0)
    if value is not None and not level.is_met_by(value):
        tier = level.rule.tier_for(value)
        owed = tier.share * agreement.fee.minor
        steps.append(_step(level, "tier", str(tier.span), percentage_text(tier.share)))
        of_fee = f"{percentage_text(tier.share)} of the fee {agreement.fee}"
        steps.append(_step(level, "amount", of_fee, _major_text(agreement, owed)))
    return _Judged(level=level, measurement=measurement, verdict=verdict, owed_minor=owed, steps=tuple(steps))


def _verdict(level: ServiceLevel, measurement: Measurement) -> tuple[Verdict, Fraction | None]:
    """Give the verdict, and the value that the rule is applied to (None: nothing to apply it to)."""
    if measurement.value is None:
        return Verdict.NO_DATA, level.worst_value if level.no_data is NoData.MISSED else None
    met = level.is_met_by(measurement.value)
    return (Verdict.MET if met else Verdict.MISSED), measurement.value


def _measure_step(level: ServiceLevel, measurement: Measurement) -> Step:
    measure = level.measure
    of_target = f", target {measure.target}" if measure.target else ""
    value = measurement.value
    return _step(
        level,
        "measure",
        f"{measurement.numerator} met of {measurement.denominator} cycles due or done"
        f" (policy {measure.policy}, metric {measure.metric}{of_target})",
        f"no data, counts as {level.no_data}" if value is None else percentage_text(value),
    )


def _period_step(agreement: Agreement, period: Period) -> Step:
    return Step(
        step="period",
        detail=f"{period.label} in {agreement.zone}:"
        f" {instant_text(period.starts_at)} to {instant_text(period.ends_at)}",
        result=f"{period.minutes} minutes",
    )


def _closing_steps(
    agreement: Agreement, total: Fraction, capped: Fraction, amount: Money, parts: Sequence[int]
) -> list[Step]:
    cap = "no cap"
    if agreement.cap_share is not None:
        cap = f"at most {percentage_text(agreement.cap_share)} of the fee {agreement.fee}"
    split = ", ".join(f"{level.key} {part}" for level, part in zip(agreement.levels, parts, strict=True))
    return [
        Step(step="sum", detail="of all levels", result=_major_text(agreement, total)),
        Step(step="cap", detail=cap, result=_major_text(agreement, capped)),
        Step(step="round", detail=f"once, {agreement.rounding}", result=str(amount)),
        Step(step="split", detail="in minor units, by largest remainder", result=split),
    ]


def _step(level: ServiceLevel, step: str, detail: str, result: str) -> Step:
    return Step(step=f"{level.key}: {step}", detail=detail, result=result)


def _major_text(agreement: Agreement, exact_minor: Fraction) -> str:
    """Write an exact number of minor units in whole units of the currency."""
    return exact_text(exact_minor / agreement.fee.currency.minor_per_major)


def _split(amount_minor: int, weights: Sequence[Fraction]) -> tuple[int, ...]:
    """Split the amount over what each level asked for; nothing owed is nothing for each."""
    return allocate(amount_minor, weights) if any(weights) else tuple(0 for _ in weights)
