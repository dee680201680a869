"""Conditions: what is refused, what is false, and that memory never changes an answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.condition import MAX_CONDITION_LENGTH, Facts, certain_reads, compile_condition
from clocks.domain.errors import ConditionInvalidError, ConditionNotBooleanError, PolicyInvalidError
from tests.services.clocks.domain.promises import event


def facts(**subject: Any) -> Facts:
    """See a Subject with attributes, at an event of type `created`."""
    return Facts(event(1, "created", sequence=3, **subject), subject, {"priority": "2"})


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("subject.x +", 1, 12, "Syntax error"),
        ("true &&\n  status == 1", 2, 3, "undeclared reference to 'status'"),
        ("event.kind == 1", 1, 6, "undeclared reference to 'event.kind'"),
        ('event.sequence == "1"', 1, 16, "no matching overload"),
        ("", 1, 1, "Syntax error"),
        ("(" * 100, 1, 1, "Expression recursion limit exceeded. limit: 32"),
        ("subject" + ".a" * 100, 1, 1, "Exceeded max recursion depth of 32"),
        ("true\x00", 1, 5, "Syntax error"),
        ("now() > 1", 1, 4, "undeclared reference to 'now'"),
    ],
)
def test_what_does_not_compile_is_refused_with_its_position(
    text: str, line: int, column: int, reason: str
) -> None:
    """The error names the path, the line and the column."""
    with pytest.raises(ConditionInvalidError) as refused:
        compile_condition(text, field="metrics.m.start")
    error = refused.value
    assert (error.line, error.column, error.field, error.code) == (
        line,
        column,
        "metrics.m.start",
        "condition_invalid",
    )
    assert reason in str(error)


@pytest.mark.parametrize("text", ["1", '"yes"', "event.type", "subject"])
def test_what_can_be_neither_true_nor_false_is_refused(text: str) -> None:
    """A condition is boolean, or not known until it runs."""
    with pytest.raises(ConditionNotBooleanError, match=r"^covers: a condition is true or false"):
        compile_condition(text, field="covers")


@pytest.mark.parametrize("text", [None, 1, ["true"], "\ud800", "true || " * 300 + "true"])
def test_only_a_text_of_reasonable_length_is_compiled(text: object) -> None:
    """Anything else is refused before the compiler sees it."""
    with pytest.raises(PolicyInvalidError, match=r"covers: a condition"):
        compile_condition(text, field="covers")
    assert len("true || " * 300) > MAX_CONDITION_LENGTH


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("true", True),
        ('subject.priority == "1"', True),
        ('subject.id == "s"', True),
        ('previous.priority == "2"', True),
        ('event.type == "created"', True),
        ("event.sequence == 3", True),
        ('event.occurred_at == timestamp("2026-06-01T01:00:00Z")', True),
        ('event.attributes.priority == "1"', True),
        ('"priority" in subject', True),
        ("has(subject.missing)", False),
        ("subject.missing", False),
        ('subject.missing == "1"', False),
        ("!subject.missing", False),
        ("subject.missing || true", True),
        ("subject.priority", False),
        ("subject.priority > 1", False),
        ("subject.count > 1", True),
        ("subject.count", False),
        ("subject.flag", True),
        ("1 / subject.zero == 1", False),
    ],
)
def test_all_but_true_is_false(text: str, answer: bool) -> None:  # noqa: FBT001 - a column of the table
    """An error or another kind of value is false."""
    seen = facts(priority="1", count=2, flag=True, zero=0)
    assert compile_condition(text, field="").holds(seen) is answer


def test_a_spent_budget_is_false() -> None:
    """An expression that would run for ever ends, and is false."""
    ten = "[0,1,2,3,4,5,6,7,8,9]"
    text = "true"
    for name in "abcdef":
        text = f"{ten}.all({name}, {text})"
    assert compile_condition(text, field="").holds(facts()) is False


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("true", ()),
        ('subject.a == "1" && previous.b != subject.a', (("previous", "b"), ("subject", "a"))),
        ('event.type == "x" || subject . a == "y"', (("event", "type"), ("subject", "a"))),
        ('subject.tags.exists(t, t == "x")', (("subject", "tags"),)),
        ('subject.subject == "x"', (("subject", "subject"),)),
        ("subject.size() > 1", None),
        ("subject.exists(k, k == 'a')", None),
        ('subject["a"] == "b"', None),
        ("size(subject) > 1", None),
        ("[{'a': 1}].exists(subject, subject.a == 1)", None),
        ("subject.size // hidden\n() > 1", None),
        ("subject.`a-b` == 1", None),
        ('"subject" in subject.names', None),
        ("event.sequence > 1", None),
        ("event.attributes.a == 1", None),
        ('subject.id == "s"', None),
        ("previous == subject", None),
    ],
)
def test_what_an_expression_reads_is_known_only_where_it_is_certain(
    text: str, reads: tuple[tuple[str, str], ...] | None
) -> None:
    """A call, an index, a bare root, a comment or an unusual name leave doubt."""
    compile_condition(text, field="")
    assert certain_reads(text) == reads


REMEMBERED = [
    compile_condition(text, field="")
    for text in (
        "subject.a == 1",
        'subject.a == "1"',
        "subject.a",
        "has(subject.a) && subject.a != subject.b",
        "subject.a > 0.5",
        "previous.a == subject.a",
        'event.type == "x" && subject.a == "x"',
        "type(subject.a) == int",
        "!has(previous.b)",
    )
]
scalars = st.one_of(
    st.sampled_from(["1", "x", "", "true"]),
    st.sampled_from([0, 1, True, False, 1.0, 0.0, -0.0, 0.5]),
)
attributes = st.dictionaries(st.sampled_from("ab"), scalars)


@given(seen=st.lists(st.tuples(attributes, attributes, st.sampled_from(["x", "y"]))))
def test_memory_never_changes_an_answer(seen: list[tuple[dict[str, Any], dict[str, Any], str]]) -> None:
    """Over any run of facts, what is remembered is what an evaluation says: 1, 1.0, true and "1" included."""
    for subject, previous, kind in seen:
        for condition in REMEMBERED:
            known = Facts(event(1, kind), subject, previous)
            assert condition.holds(known) == condition.evaluate(known)
