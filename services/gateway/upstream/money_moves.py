"""What a planned change of calendars would cost: what the clocks foresee, put before the credits."""

from __future__ import annotations

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

__all__ = ["MoneyMove", "money_moves"]

PAGE = 50


class MoneyMove(NamedTuple):
    """What an Agreement's period costs as things stand, and what it would cost; in minor units."""

    agreement_key: str
    period: str
    currency: str
    before_minor: int
    after_minor: int


async def money_moves(
    context: RequestContext, shifts: Sequence[AttainmentShift], *, clocks: Clocks, owed: Credits
) -> list[MoneyMove]:
    """Assess each Agreement's months in which counts would shift, as they are and as they would be.

    Those that come to the same are left out. Raises what the doors raise.
    """
    moves: list[MoneyMove] = []
    if not shifts:
        return moves
    async for agreement in list_agreements(context, owed):
        document = agreement.versions[-1].document
        concerned = [shift for shift in shifts if shift.policy_key in policies_of(document)]
        for period in sorted(months_of(document, concerned)):
            asked = AssessPeriod(agreement_key=agreement.key, period=period)
            before = await owed.assess_period(context, asked)
            attained = await foresee(context, document, concerned, before, clocks=clocks)
            assumed = AssessPeriod(agreement_key=agreement.key, period=period, attained=attained)
            after = await owed.assess_period(context, assumed)
            if before.amount_minor != after.amount_minor:
                amounts = before.amount_minor, after.amount_minor
                moves.append(MoneyMove(agreement.key, period, before.currency, *amounts))
    return moves


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


def policies_of(document: dict[str, Any]) -> set[str]:
    """Name the policies that an Agreement's levels measure."""
    return {policy_key for policy_key, _ in measured_by(document)}


def months_of(document: dict[str, Any], shifts: Iterable[AttainmentShift]) -> set[str]:
    """Name the Agreement's months in which counts shift."""
    place = zone(document["zone"])
    return {f"{shift.at.astimezone(place):%Y-%m}" for shift in shifts}


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
