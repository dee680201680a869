"""First contact, CSAT, NPS, and values themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.measures.first_contact import FirstContact, find_resolutions
from clocks.domain.measures.item import Fact
from clocks.domain.measures.score import find_scores, net_promoter, top_box
from clocks.domain.measures.value import Value, read_integer, write_integer


@pytest.mark.parametrize(
    ("log", "quiet_us", "first"),
    [
        ("contact resolved", 0, True),
        ("resolved", 0, True),
        ("contact contact resolved", 0, False),
        ("contact resolved reopened", 1, False),
        ("contact resolved other contact", 1, True),
        ("contact resolved other contact", 2, False),
        ("contact resolved resolved", 5, True),
    ],
)
def test_first_contact(log: str, quiet_us: int, first: bool) -> None:  # noqa: FBT001 - a table's column
    """Resolved with one contact at most, and nobody back while it is to be quiet, its end included."""
    facts = [Fact("s", at_us, kind, {}, str(at_us)) for at_us, kind in enumerate(log.split())]
    measure = FirstContact(contact="contact", resolved="resolved", reopened="reopened")
    [item] = find_resolutions(facts, measure, quiet_us=quiet_us)
    assert item.content is first


def test_each_subject_is_judged_for_itself() -> None:
    """One Subject's contacts are not another's, and who is not resolved is not judged."""
    told = [("a", "contact"), ("a", "resolved"), ("b", "contact"), ("c", "contact"), ("c", "resolved")]
    facts = [Fact(subject, place, kind, {}, "") for place, (subject, kind) in enumerate(told)]
    found = find_resolutions(facts, FirstContact(contact="contact"), quiet_us=100)
    assert [(item.subject_id, item.content) for item in found] == [("a", True), ("c", True)]


@given(st.lists(st.integers(0, 10)))
def test_net_promoter(scores: list[int]) -> None:
    """Promoters less detractors, of all; 7 and 8 count below the line only."""
    value = net_promoter(scores, promoters=9, detractors=6)
    promoters = len([one for one in scores if one in {9, 10}])
    detractors = len([one for one in scores if one not in {7, 8, 9, 10}])
    assert value == Value(promoters - detractors, len(scores), len(scores))


@given(st.lists(st.integers(1, 5)), st.integers(2, 5))
def test_top_box(scores: list[int], top: int) -> None:
    """Answers at the top, of all."""
    assert top_box(scores, top=top).numerator == len(list(filter(lambda one: one >= top, scores)))


def test_scores_off_the_scale_are_told() -> None:
    """What is no whole number of the scale is left out, and counted."""
    told: list[object] = [0, 1, 5, 6, 3.0, "4", True, None]
    facts = [Fact("s", place, "x", {"score": score}, str(place)) for place, score in enumerate(told)]
    found, unusable = find_scores(facts, "score", lowest=1, highest=5)
    assert [item.content for item in found] == [1, 5]
    assert unusable == 6


@given(st.one_of(st.integers(), st.integers(3_990, 16_010).map(lambda digits: -(10**digits) + 7)))
def test_integers_of_any_length_are_written(number: int) -> None:
    """What is written is read as the same integer, past the interpreter's limit of digits too."""
    text = write_integer(number)
    assert read_integer(text) == number
    assert not text.removeprefix("-").startswith("0") or number == 0


@pytest.mark.parametrize(
    ("value", "decimal"),
    [
        (Value(2, 3, 3), "0.666666666"),
        (Value(-2, 3, 3), "-0.666666666"),
        (Value(10**12 - 1, 10**12, 1), "0.999999999"),
        (Value(7, 2, 1), "3.500000000"),
        (Value(0, 5, 5), "0.000000000"),
        (Value(0, 0, 0), None),
    ],
)
def test_decimals_are_cut_off(value: Value, decimal: str | None) -> None:
    """What is shown never reaches what was not reached: only all of it shows as 1."""
    assert value.decimal == decimal
