"""First contact, CSAT, NPS, and values themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.measures.columns import column_of
from clocks.domain.measures.first_contact import FirstContact, ResolutionFinder
from clocks.domain.measures.score import NetTally, TopBoxTally, find_scores
from clocks.domain.measures.value import Value, read_integer, write_integer
from tests.services.clocks.measures.portions import cut, facts_of, summed, told


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
    measure = FirstContact(contact="contact", resolved="resolved", reopened="reopened")
    kinds = [["contact", "resolved", "reopened", "other"].index(kind) for kind in log.split()]
    finder = ResolutionFinder(measure, quiet_us=quiet_us)
    portions = cut(facts_of([("s", at_us, kind) for at_us, kind in enumerate(kinds)]), cuts=[1, 2])
    found = [*map(finder.find, portions), finder.finish()]
    assert [flag for items in found for flag in items.contents[0].tolist()] == [first]


@pytest.mark.parametrize("places", [[], [1], [2], [3], [4], [1, 2, 3, 4]])
def test_each_subject_is_judged_for_itself(places: list[int]) -> None:
    """One Subject's contacts are not another's, who is not resolved is not judged; in any portions."""
    log = [("a", 0, 0), ("a", 1, 1), ("b", 2, 0), ("c", 3, 0), ("c", 4, 1)]
    finder = ResolutionFinder(FirstContact(contact="contact"), quiet_us=100)
    found = [*map(finder.find, cut(facts_of(log), places)), finder.finish()]
    assert [subject for items in found for subject in items.subjects] == ["a", "c"]
    assert [flag for items in found for flag in items.contents[0].tolist()] == [True, True]
    assert [each for items in found for each in items.evidence] == [b"a0 a1 ", b"c3 c4 "]


@given(st.lists(st.integers(0, 10)))
def test_net_promoter(scores: list[int]) -> None:
    """Promoters less detractors, of all; 7 and 8 count below the line only."""
    value = summed(NetTally(promoters=9, detractors=6), (column_of(scores),))
    promoters = len([one for one in scores if one in {9, 10}])
    detractors = len([one for one in scores if one not in {7, 8, 9, 10}])
    assert value == Value(promoters - detractors, len(scores), len(scores))


@given(st.lists(st.integers(1, 5)), st.integers(2, 5))
def test_top_box(scores: list[int], top: int) -> None:
    """Answers at the top, of all."""
    assert summed(TopBoxTally(top), (column_of(scores),)).numerator == len(
        list(filter(lambda one: one >= top, scores))
    )


def test_scores_off_the_scale_are_told() -> None:
    """What is no whole number of the scale is left out, and counted."""
    scores: list[object] = [0, 1, 5, 6, 3.0, "4", True, None]
    items = find_scores(told([{"score": score} for score in scores], "score"), lowest=1, highest=5)
    assert items.contents[0].tolist() == [1, 5]
    assert items.unusable == 6


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
