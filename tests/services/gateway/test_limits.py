"""The guard: what one document may ask for, and that telling so takes no time."""

from __future__ import annotations

import contextlib
import time

import pytest
from graphql import get_introspection_query, parse

from gateway.domain.errors import LimitExceededError
from gateway.schema.build import executable_schema
from gateway.schema.documents import Documents
from gateway.schema.limits import LIMITS, measure

VERSIONS = "versions { version }"
UNBOUNDED_S = 20
"""CPU seconds after which a walk is taken to have no end; how fast it is, benchmarks say."""


def nested(levels: int) -> str:
    """Write a query that is so many levels deep."""
    return "{" + "a {" * levels + "b" + "}" * levels + "}"


def bomb(fragments: int, spreads: int) -> str:
    """Write fragments that each spread the next one several times."""
    head = "{ calendars { nodes { ...F0 } } }"
    body = "".join(
        f" fragment F{n} on Calendar {{ " + f"...F{n + 1} " * spreads + "}" for n in range(fragments)
    )
    return f"{head}{body} fragment F{fragments} on Calendar {{ {VERSIONS} }}"


def aliases(count: int) -> str:
    """Write many aliases of one field."""
    return "{" + " ".join(f"a{n}: viewer {{ subject }}" for n in range(count)) + "}"


CASES = {
    "depth": nested(LIMITS.depth + 1),
    "aliases": aliases(LIMITS.aliases + 1),
    "directives": "{ viewer { subject " + "@include(if: true) " * (LIMITS.directives + 1) + "} }",
    "cost": "{ calendars(first: 200) { nodes { "
    + " ".join(f"v{n}: versions {{ version mode document createdAt createdBy reason }}" for n in range(5))
    + " } } }",
    "number of fields": "{" + " viewer" * 501 + "}",
    "tokens": "{" + " viewer" * 3_001 + "}",
    "characters": "#" * 200_001,
}


@pytest.mark.parametrize("limit", sorted(CASES))
def test_each_limit_says_which_and_how_much(limit: str) -> None:
    """A document just past a limit is refused, naming the limit, what is allowed and what was found."""
    with pytest.raises(LimitExceededError) as caught:
        Documents(executable_schema()).prepare(CASES[limit], {})
    assert caught.value.limit == limit
    assert caught.value.found > caught.value.allowed
    assert f"{caught.value.allowed:,}" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        bomb(20, 10),
        bomb(33, 2),
        bomb(100, 2),
        bomb(400, 1),
        "{ viewer { subject " + "... { " * 300 + "subject" + " }" * 300 + " } }",
        "{ viewer { subject " + "{ a " * 900 + "}" * 900 + " } }",
        "{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }",
    ],
    ids=["wide", "doubling", "long", "chain", "inline", "braces", "brackets"],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    """Documents made to grow when walked are refused, or called invalid, before they grow."""
    began = time.process_time()
    try:
        refused = isinstance(Documents(executable_schema()).prepare(text, {}), list)
    except LimitExceededError:
        refused = True
    assert refused
    assert time.process_time() - began < UNBOUNDED_S


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer {" + " subject" * 2_500 + "} }",
        "{ viewer {" + " subject" * 499 + "} }",
        "{ viewer {" + " ...F" * 600 + "} } fragment F on Viewer { subject }",
        "{"
        + " ".join(f"viewer {{ ...F{n} }}" for n in range(25))
        + "}"
        + "".join(f" fragment F{n} on Viewer {{ subject requestId scopes }}" for n in range(25)),
    ],
    ids=["too many fields", "repeated field", "repeated spread", "many fragments"],
)
def test_validation_is_bounded(text: str) -> None:
    """Documents within all limits that make validation compare all fields come to an end."""
    began = time.process_time()
    with contextlib.suppress(LimitExceededError):
        Documents(executable_schema()).prepare(text, {})
    assert time.process_time() - began < UNBOUNDED_S


def test_fragment_that_spreads_itself_is_invalid() -> None:
    """A cycle of fragments is told by validation; the guard does not follow it."""
    text = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }"
    errors = Documents(executable_schema()).prepare(text, {})
    assert isinstance(errors, list)
    assert "itself" in errors[0].message


def test_introspection_is_free() -> None:
    """Tools may ask for the whole schema: its fields cost nothing and have no depth."""
    found = measure(parse(get_introspection_query()), executable_schema(), {})
    assert (found.depth, found.cost) == (0, 0)


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ viewer { subject } }", {}, 2),
        ("{ calendars(first: 10) { nodes { key } } }", {}, 1 + 10 * 2),
        ("query ($n: Int!) { calendars(first: $n) { nodes { key } } }", {"n": 7}, 1 + 7 * 2),
        ("{ calendars { nodes { key } } }", {}, 1 + 50 * 2),
        ("{ calendars(first: 999999999999999999999) { nodes { key } } }", {}, 1 + 200 * 2),
        ('{ calendar(key: "k") { versions { version } } }', {}, 1 + (1 + 5)),
    ],
)
def test_cost_counts_values(text: str, variables: dict[str, object], cost: int) -> None:
    """Cost is about how many values the answer may hold: pages by their size, other lists by a guess."""
    assert measure(parse(text), executable_schema(), variables).cost == cost


def test_fragments_cost_what_they_would_inline() -> None:
    """A query costs the same with fragments and without."""
    plain = "{ calendars(first: 10) { nodes { key name } edges { node { key name } } } }"
    spread = (
        "{ calendars(first: 10) { nodes { ...F } edges { node { ...F } } } }"
        " fragment F on Calendar { key name }"
    )
    schema = executable_schema()
    assert measure(parse(plain), schema, {}) == measure(parse(spread), schema, {})


def test_prepared_documents_are_kept() -> None:
    """The same text is parsed and validated once; its cost is checked each time, for the pages asked for."""
    documents = Documents(executable_schema())
    text = "query ($n: Int!) { calendars(first: $n) { nodes { key } } }"
    assert documents.prepare(text, {"n": 1}) is documents.prepare(text, {"n": 2})
