"""From an agreement document to an Agreement: everything is checked here, when it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any

from businesstime.errors import BusinessTimeError
from businesstime.periods import check_zone
from credits.domain.agreement import Agreement, AttainmentMeasure, NoData, ServiceLevel, TieredRule
from credits.domain.document import Node
from credits.domain.tier import SHARES, Comparison, Cut, Span, Tier, check_tiers, missed_span
from money import MoneyError, parse_money, parse_share, rounding

__all__ = ["MAX_LEVELS", "MAX_TIERS", "agreement_from_document"]

MAX_LEVELS = 50
MAX_TIERS = 50


class _PeriodKind(StrEnum):
    MONTH = "month"


class _MeasureKind(StrEnum):
    ATTAINMENT = "attainment"


class _RuleKind(StrEnum):
    TIERED = "tiered"


class _Base(StrEnum):
    FEE = "fee"


def agreement_from_document(document: Mapping[str, Any]) -> Agreement:
    """Parse a document (the README shows one) into an Agreement.

    Raises DocumentInvalidError with the field's path, or TiersInvalidError where the tiers leave a gap,
    overlap or cannot be reached.
    """
    fields = Node(dict(document), "").fields(
        required=frozenset({"customer", "zone", "currency", "period", "fee", "rounding", "levels"}),
        optional=frozenset({"cap"}),
    )
    fields["period"].choice(_PeriodKind)
    code = fields["currency"].text()
    fields["currency"].read(lambda value: parse_money("0", str(value)), MoneyError)
    fee = fields["fee"].read(lambda value: parse_money(value, code), MoneyError)
    if fee.minor < 0:
        raise fields["fee"].refusal("must not be negative")
    return Agreement(
        customer=fields["customer"].text(),
        zone=fields["zone"].read(lambda value: check_zone(str(value)), BusinessTimeError),
        fee=fee,
        rounding=fields["rounding"].read(lambda value: rounding(str(value)), MoneyError),
        levels=_levels(fields["levels"]),
        cap_share=_cap(fields.get("cap")),
    )


def _levels(node: Node) -> tuple[ServiceLevel, ...]:
    levels: dict[str, ServiceLevel] = {}
    for item in node.items(most=MAX_LEVELS):
        level = _level(item)
        if level.key in levels:
            raise Node(level.key, f"{item.path}.key").refusal(f"{level.key!r} is the key of two levels")
        levels[level.key] = level
    return tuple(levels.values())


def _level(node: Node) -> ServiceLevel:
    fields = node.fields(
        required=frozenset({"key", "measure", "comparison", "objective", "no_data", "credit"})
    )
    comparison = fields["comparison"].choice(Comparison)
    objective = _share(fields["objective"], most=Fraction(1))
    missed = missed_span(comparison, objective)
    if missed.is_empty:
        raise fields["objective"].refusal("can never be missed")
    return ServiceLevel(
        key=fields["key"].key(),
        measure=_measure(fields["measure"]),
        comparison=comparison,
        objective=objective,
        no_data=fields["no_data"].choice(NoData),
        rule=_rule(fields["credit"], missed),
    )


def _measure(node: Node) -> AttainmentMeasure:
    fields = node.fields(required=frozenset({"kind", "policy", "metric"}), optional=frozenset({"target"}))
    fields["kind"].choice(_MeasureKind)
    return AttainmentMeasure(
        policy=fields["policy"].text(),
        metric=fields["metric"].text(),
        target=fields["target"].text() if "target" in fields else None,
    )


def _rule(node: Node, missed: Span) -> TieredRule:
    fields = node.fields(required=frozenset({"kind", "share_of", "tiers"}))
    fields["kind"].choice(_RuleKind)
    fields["share_of"].choice(_Base)
    tiers = tuple(_tier(item) for item in fields["tiers"].items(most=MAX_TIERS))
    check_tiers(tiers, missed, field=fields["tiers"].path)
    return TieredRule(tiers=tiers)


def _tier(node: Node) -> Tier:
    bounds = {"at_least": False, "above": True}, {"below": False, "at_most": True}
    fields = node.fields(required=frozenset({"share"}), optional=frozenset(bounds[0] | bounds[1]))
    span = Span(
        lower=_cut(node, fields, bounds[0], otherwise=SHARES.lower),
        upper=_cut(node, fields, bounds[1], otherwise=SHARES.upper),
    )
    return Tier(span=span, share=_share(fields["share"], most=None))


def _cut(node: Node, fields: dict[str, Node], bounds: dict[str, bool], *, otherwise: Cut) -> Cut:
    """Read the one bound given of two that exclude one another; `bounds` says which cut after their value."""
    given = [name for name in bounds if name in fields]
    if len(given) > 1:
        raise node.refusal(f"has both {given[0]} and {given[1]}")
    if not given:
        return otherwise
    return Cut(_share(fields[given[0]], most=Fraction(1)), after=bounds[given[0]])


def _cap(node: Node | None) -> Fraction | None:
    if node is None:
        return None
    return _share(node.fields(required=frozenset({"share_of_fee"}))["share_of_fee"], most=None)


def _share(node: Node, *, most: Fraction | None) -> Fraction:
    share = node.read(parse_share, MoneyError)
    if most is not None and share > most:
        raise node.refusal(f"{node.value!r} is more than 100%")
    return share
