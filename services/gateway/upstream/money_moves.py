"""What a planned change of calendars would cost: what the clocks foresee, put before the credits."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from businesstime import zone
from clocks.contract import AttainmentShift, Clocks, MeasureAttainment
from credits.contract import (
    AgreementRecord,
    AssessmentRecord,
    AssessPeriod,
    AttainedTarget,
    Credits,
    ListAgreements,
)
from serving.context import RequestContext

__all__ = ["MAX_ASSESSED", "MoneyMove", "MoneyMoves", "money_moves"]

PAGE = 50
MAX_ASSESSED = 40
"""How many months of Agreements are assessed for one plan, each of them twice."""


class MoneyMove(NamedTuple):
    """What an Agreement's period costs as things stand, and what it would cost; in minor units."""

    agreement_key: str
    period: str
    currency: str
    before_minor: int
    after_minor: int


class MoneyMoves(NamedTuple):
    """Months whose amounts would be others; how many were assessed to find them, and how many were not."""

    moves: Sequence[MoneyMove]
    assessed: int
    left_out: int


class _Month(NamedTuple):
    """A month of an Agreement in which counts shift, and by how many Cycles."""

    agreement: AgreementRecord
    period: str
    shifted: int


async def money_moves(
    context: RequestContext, shifts: Sequence[AttainmentShift], *, clocks: Clocks, owed: Credits
) -> MoneyMoves:
    """Assess the Agreements' months in which counts would shift, as they are and as they would be.

    Those in which most Cycles shift go first; past the limit months are counted only. Raises what the doors
    raise.
    """
    months: list[_Month] = []
    if shifts:
        async for agreement in list_agreements(context, owed):
            months += months_of(agreement, shifts)
    months.sort(key=lambda month: (-month.shifted, month.agreement.key, month.period))
    moves = [
        move
        for month in months[:MAX_ASSESSED]
        if (move := await _assess(context, month, shifts, clocks=clocks, owed=owed)) is not None
    ]
    moves.sort(key=lambda move: (move.agreement_key, move.period))
    return MoneyMoves(moves, min(len(months), MAX_ASSESSED), max(len(months) - MAX_ASSESSED, 0))


async def _assess(
    context: RequestContext,
    month: _Month,
    shifts: Sequence[AttainmentShift],
    *,
    clocks: Clocks,
    owed: Credits,
) -> MoneyMove | None:
    """Assess a month twice; None where it comes to the same."""
    key, document = month.agreement.key, month.agreement.versions[-1].document
    concerned = concerning(document, shifts)
    before = await owed.assess_period(context, AssessPeriod(agreement_key=key, period=month.period))
    attained = await foresee(context, document, concerned, before, clocks=clocks)
    assumed = AssessPeriod(agreement_key=key, period=month.period, attained=attained)
    after = await owed.assess_period(context, assumed)
    if before.amount_minor == after.amount_minor:
        return None
    return MoneyMove(key, month.period, before.currency, before.amount_minor, after.amount_minor)


async def foresee(
    context: RequestContext,
    document: dict[str, Any],
    shifts: Sequence[AttainmentShift],
    period: AssessmentRecord,
    *,
    clocks: Clocks,
) -> tuple[AttainedTarget, ...]:
    """Count what levels on the policies concerned measure, and add the shifts of the period to it."""
    policies = {shift.policy_key for shift in shifts}
    counts: dict[tuple[str, str, str], list[int]] = {}
    for policy_key, metric in sorted(set(measured_by(document))):
        if policy_key not in policies:
            continue
        request = MeasureAttainment(
            policy_key=policy_key, metric=metric, start=period.starts_at, end=period.ends_at
        )
        for target in (await clocks.measure_attainment(context, request)).by_target:
            counts[(policy_key, metric, target.target)] = [target.met, target.breached]
        for shift in shifts:
            if (shift.policy_key, shift.metric) == (policy_key, metric) and (
                period.starts_at <= shift.at < period.ends_at
            ):
                count = counts.setdefault((policy_key, metric, shift.target), [0, 0])
                count[0] += shift.met
                count[1] += shift.breached
    return tuple(
        AttainedTarget(
            policy_key=policy_key, metric=metric, target=target, met=max(met, 0), breached=max(breached, 0)
        )
        for (policy_key, metric, target), (met, breached) in sorted(counts.items())
    )


def measured_by(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """List the Metrics, with their policies, that an Agreement's levels measure."""
    for level in document["levels"]:
        yield level["measure"]["policy"], level["measure"]["metric"]


def concerning(document: dict[str, Any], shifts: Iterable[AttainmentShift]) -> list[AttainmentShift]:
    """List the shifts in what an Agreement's levels measure."""
    measured = set(measured_by(document))
    return [shift for shift in shifts if (shift.policy_key, shift.metric) in measured]


def months_of(agreement: AgreementRecord, shifts: Iterable[AttainmentShift]) -> Iterator[_Month]:
    """List an Agreement's months in which counts shift."""
    document = agreement.versions[-1].document
    place, shifted = zone(document["zone"]), Counter[str]()
    for shift in concerning(document, shifts):
        shifted[f"{shift.at.astimezone(place):%Y-%m}"] += abs(shift.met) + abs(shift.breached)
    for period, count in shifted.items():
        yield _Month(agreement, period, count)


async def list_agreements(context: RequestContext, owed: Credits) -> AsyncIterator[AgreementRecord]:
    """List all Agreements, page by page."""
    after: str | None = None
    more = True
    while more:
        page = await owed.list_agreements(context, ListAgreements(first=PAGE, after=after))
        for agreement in page.agreements:
            yield agreement
        more = page.has_next
        after = page.agreements[-1].key if page.agreements else None
