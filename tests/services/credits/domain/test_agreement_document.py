"""Agreement documents: what is read, and the path and reason of what is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.agreement import NoData
from credits.domain.agreement_document import agreement_from_document
from credits.domain.errors import CreditsError
from credits.domain.tier import Comparison
from money import Rounding
from tests.services.credits.documents import ACME


def changed(path: str, value: object) -> dict[str, Any]:
    """Copy the document with the value at a dotted path replaced (None: removed)."""
    document = copy.deepcopy(ACME)
    *parents, last = path.split(".")
    place: Any = document
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    if value is None:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return document


def tiers(*tiers: dict[str, str]) -> dict[str, Any]:
    """Copy the document with other tiers."""
    return changed("levels.0.credit.tiers", list(tiers))


def test_reads_the_whole_document() -> None:
    """Every field arrives as an exact value."""
    agreement = agreement_from_document(ACME)
    assert (agreement.customer, agreement.zone) == ("ACME", "America/Sao_Paulo")
    assert str(agreement.fee) == "10000.00 BRL"
    assert agreement.rounding is Rounding.HALF_UP
    assert agreement.cap_share == Fraction(3, 20)
    (level,) = agreement.levels
    assert (level.comparison, level.objective) == (Comparison.AT_LEAST, Fraction(19, 20))
    assert (level.no_data, level.measure.target) == (NoData.MET, None)
    assert [tier.share for tier in level.rule.tiers] == [Fraction(1, 20), Fraction(1, 10)]


REFUSALS: list[tuple[dict[str, Any], str, str, str]] = [
    (changed("customer", None), "customer", "agreement_invalid", "is required"),
    (changed("customer", "  "), "customer", "agreement_invalid", "not empty"),
    (changed("discount", "1"), "discount", "agreement_invalid", "is not a field here"),
    (changed("zone", "America/Sampa"), "zone", "zone_unknown", "Sampa"),
    (changed("zone", "../../etc/passwd"), "zone", "zone_unknown", "no zone"),
    (changed("currency", "XAU"), "currency", "currency_unknown", "ISO 4217"),
    (changed("currency", "JPY"), "fee", "amount_invalid", "JPY has 0"),
    (changed("fee", 10000.0), "fee", "amount_invalid", "write a string"),
    (changed("fee", "-1.00"), "fee", "agreement_invalid", "negative"),
    (changed("rounding", "bankers"), "rounding", "rounding_unknown", "half_even"),
    (changed("period", "quarter"), "period", "agreement_invalid", "month"),
    (changed("levels", []), "levels", "agreement_invalid", "at least one"),
    (changed("levels", [{}] * 51), "levels", "agreement_invalid", "more than 50"),
    (changed("levels", {}), "levels", "agreement_invalid", "list"),
    (changed("levels", ACME["levels"] * 2), "levels[1].key", "agreement_invalid", "two levels"),
    (changed("levels.0.key", "Resolution!"), "levels[0].key", "key_invalid", "not a key"),
    (changed("levels.0.measure.kind", "mean"), "levels[0].measure.kind", "agreement_invalid", "attainment"),
    (changed("levels.0.measure.policy", None), "levels[0].measure.policy", "agreement_invalid", "required"),
    (changed("levels.0.comparison", "~"), "levels[0].comparison", "agreement_invalid", "not one of"),
    (changed("levels.0.objective", "101%"), "levels[0].objective", "agreement_invalid", "more than 100%"),
    (changed("levels.0.objective", 0.95), "levels[0].objective", "share_invalid", "exact share"),
    (changed("levels.0.objective", "0%"), "levels[0].objective", "agreement_invalid", "never be missed"),
    (changed("levels.0.no_data", "ignored"), "levels[0].no_data", "agreement_invalid", "met, missed"),
    (changed("cap", {"share_of_fee": "much"}), "cap.share_of_fee", "share_invalid", "much"),
    (changed("cap", "15%"), "cap", "agreement_invalid", "mapping"),
    (
        changed("levels.0.credit.tiers.0.above", "90%"),
        "levels[0].credit.tiers[0]",
        "agreement_invalid",
        "both at_least and above",
    ),
    (
        tiers({"below": "90%", "share": "5%"}),
        "levels[0].credit.tiers",
        "tiers_gap",
        "no tier holds for a value at least 90%, below 95%",
    ),
    (
        tiers({"above": "90%", "share": "5%"}, {"below": "90%", "share": "10%"}),
        "levels[0].credit.tiers",
        "tiers_gap",
        "at least 90%, at most 90%",
    ),
    (
        tiers({"at_least": "90%", "share": "5%"}, {"at_most": "90%", "share": "10%"}),
        "levels[0].credit.tiers",
        "tiers_overlap",
        "tiers 1 and 0 both hold for a value at least 90%, at most 90%",
    ),
    (
        tiers({"below": "95%", "share": "5%"}, {"at_least": "95%", "share": "10%"}),
        "levels[0].credit.tiers[1]",
        "tier_unreachable",
        "no value that misses the objective",
    ),
    (
        tiers({"below": "95%", "share": "5%"}, {"at_least": "93%", "below": "92%", "share": "10%"}),
        "levels[0].credit.tiers[1]",
        "tier_unreachable",
        "at least 93%, below 92%",
    ),
]


@pytest.mark.parametrize(
    ("document", "field", "code", "reason"), REFUSALS, ids=[f"{row[1]}-{row[3]}" for row in REFUSALS]
)
def test_refuses_with_path_and_reason(document: dict[str, Any], field: str, code: str, reason: str) -> None:
    """A refusal names the field's path, has a code, and says what is wrong."""
    with pytest.raises(CreditsError) as refused:
        agreement_from_document(document)
    assert (refused.value.field, refused.value.code, refused.value.kind) == (field, code, "invalid")
    assert reason in str(refused.value)
    assert str(refused.value).startswith(field)


def test_null_is_absent() -> None:
    """An optional field that is null is as if it were not there."""
    assert agreement_from_document(changed("cap", None)).cap_share is None
    document = copy.deepcopy(ACME) | {"cap": None}
    assert agreement_from_document(document).cap_share is None


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)


def paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the way to every value inside a document."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def refusal_of(document: dict[str, Any]) -> CreditsError | None:
    """Parse a document, and give what it is refused with."""
    try:
        agreement_from_document(document)
    except CreditsError as refusal:
        return refusal
    return None


@given(path=st.sampled_from([path for path in paths(ACME) if path]), value=json_values)
def test_any_document_is_read_or_refused(path: tuple[Any, ...], value: object) -> None:
    """Whatever stands in place of a part: an Agreement, or a refusal of bounded length."""
    document = copy.deepcopy(ACME)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    refusal = refusal_of(document)
    assert refusal is None or (refusal.field and len(str(refusal)) < 1_000)


@pytest.mark.parametrize(
    "field", ["customer", "zone", "currency", "fee", "rounding", "period", "cap", "x" * 9_999]
)
def test_refusals_do_not_repeat_endless_texts(field: str) -> None:
    """A text without end is refused in a few words."""
    with pytest.raises(CreditsError) as refused:
        agreement_from_document(ACME | {field: "y" * 1_000_000})
    assert len(str(refused.value)) < 1_000
