"""Measure documents: what is read, and what is refused at which field."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.measures.attainment import Attainment
from clocks.domain.measures.document import bound_of, parse_measure
from clocks.domain.measures.refusals import MeasureInvalidError, listed
from clocks.domain.measures.within import Within

SPANS = {"kind": "spans", "since": "a", "until": "b"}
NUMBERS = {"kind": "numbers", "event": "a", "attribute": "n"}


def test_documents_are_read() -> None:
    """A document's kind says which measure; what it leaves out has the defaults."""
    document = {"kind": "attainment", "policy": "resolution"}
    assert parse_measure(document) == Attainment(policy="resolution")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "kind"),
        ({"kind": "median"}, "kind"),
        ({"kind": 5}, "kind"),
        ({"kind": "attainment", "policies": "x"}, "policies"),
        ({"kind": "attainment", "policy": 5}, "policy"),
        ({"kind": "attainment", "policy": ""}, "policy"),
        ({"kind": "attainment", "policy": "x\x00"}, "policy"),
        ({"kind": "mean", "of": SPANS | {"since": "\ud800"}}, "of.since"),
        ({"kind": "availability", "minimum_outage": "soon"}, "minimum_outage"),
        ({"kind": "availability", "minimum_outage": "1bd"}, "minimum_outage"),
        ({"kind": "availability", "minimum_outage": "-5m"}, "minimum_outage"),
        ({"kind": "availability", "partial_minutes": "half"}, "partial_minutes"),
        ({"kind": "availability", "exclusion_started": "x"}, "exclusion_ended"),
        ({"kind": "error_rate", "interval": "1s"}, "interval"),
        ({"kind": "mean"}, "of"),
        ({"kind": "mean", "of": {"kind": "spans", "since": "a"}}, "of.until"),
        ({"kind": "mean", "of": {"kind": "guess"}}, "of.kind"),
        ({"kind": "percentile", "of": SPANS, "percent": 0}, "percent"),
        ({"kind": "percentile", "of": SPANS, "percent": "100.1"}, "percent"),
        ({"kind": "percentile", "of": SPANS, "percent": "1e2"}, "percent"),
        ({"kind": "within", "of": SPANS, "bound": "3"}, "bound"),
        ({"kind": "within", "of": NUMBERS, "bound": "3s"}, "bound"),
        ({"kind": "within", "of": NUMBERS, "bound": "3", "abandoned": "kept"}, "abandoned"),
        ({"kind": "csat", "top": 6}, "top"),
        ({"kind": "csat", "top": 1}, "top"),
        ({"kind": "nps", "detractors": 9}, "promoters"),
    ],
)
def test_refusals_name_the_path(document: dict[str, Any], field: str) -> None:
    """Each refusal says which field, by its path in the document."""
    with pytest.raises(MeasureInvalidError) as caught:
        parse_measure(document)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"kind": "median"}, "invalid value 'median': there are attainment, availability, csat, error_rate"),
        ({}, "says which measure: there are attainment, availability, csat, error_rate"),
        (
            {"kind": "mean", "of": {"kind": "guess"}},
            "invalid value 'guess': there are cycles, numbers, spans",
        ),
        (
            {"kind": "mean", "of": "spans"},
            "needs a mapping, not text, with a kind: there are cycles, numbers",
        ),
        (
            {"kind": "attainment", "polcy": "x"},
            "there is no such field: there are kind, metric, policy, target",
        ),
        ({"kind": "attainment", "policy": 5}, "needs text, not a whole number"),
        (
            {"kind": "mean", "of": SPANS | {"to": "c"}},
            "there is no such field: there are abandoned, calendar, kind, since, until",
        ),
        (
            {"kind": "availability", "partial_minutes": "half"},
            "invalid value 'half': there are down, exact, up",
        ),
        ({"kind": "within", "of": NUMBERS, "bound": [3]}, "needs a whole number or text, not a list"),
    ],
)
def test_refusals_say_what_there_is(document: dict[str, Any], said: str) -> None:
    """What could have been meant is listed: kinds, fields, words."""
    with pytest.raises(MeasureInvalidError) as caught:
        parse_measure(document)
    assert caught.value.reason.startswith(said)


def test_long_lists_of_names_are_cut() -> None:
    """Twenty of them say enough."""
    assert listed([]) == "there are none"
    assert listed(f"p{number:02}" for number in range(22)).endswith("p18, p19 and 2 more")


def test_bounds_are_in_the_unit_of_their_source() -> None:
    """A duration for times, a number for numbers."""
    times = parse_measure({"kind": "within", "of": SPANS, "bound": "20s"})
    numbers = parse_measure({"kind": "within", "of": NUMBERS, "bound": "2.5"})
    assert isinstance(times, Within)
    assert isinstance(numbers, Within)
    assert bound_of(times) == 20_000_000
    assert bound_of(numbers) * 2 == 5


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
kinds = st.sampled_from(("mean", "within", "csat", "availability", "spans", "numbers", "error_rate"))
names = st.sampled_from(("of", "bound", "event", "since", "until", "interval", "percent", "top"))
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda kind, rest: rest | {"kind": kind}, kinds, st.dictionaries(names, inner, max_size=4)
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(names, documents, max_size=4), kinds)
def test_any_document_is_read_or_refused(document: dict[str, Any], kind: str) -> None:
    """Nothing but a refusal comes of a document that is none."""
    with suppress(MeasureInvalidError):
        parse_measure(document | {"kind": kind})
