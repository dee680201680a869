from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import (
    BusinessTimeError,
    DurationInvalidError,
    OutOfReachError,
    RuleInvalidError,
    compile_schedule,
    format_duration,
    parse_duration,
    parse_rule,
    schedule_from_document,
)
from tests.libs.businesstime.strategies import documents, plain, windows

WORDS = st.sampled_from([
    "zone", "hours", "seasons", "holidays", "special", "union", "difference", "complement", "shift", "splice",
    "schedule", "from", "to", "by", "name", "date", "country", "subdivision", "except", "observed", "rule",
    "mon", "UTC", "BR", "12-31", "2026-01-01", "FREQ=DAILY", "2026-01-01T00:00:00Z", "4h",
])  # fmt: skip


def read(document: Any) -> None:
    """Read a document and use the schedule, if it is one."""
    try:
        schedule = schedule_from_document(document)
        timeline = compile_schedule(schedule, start=date(2024, 1, 1), end=date(2024, 3, 1))
        timeline.is_open_us(1_706_000_000_000_000)
    except BusinessTimeError:
        return


@given(plain(WORDS | windows))
def test_any_value_as_a_document(value: Any) -> None:
    """Arbitrary JSON is a schedule or an error of ours."""
    read(value)


@given(st.recursive(documents, lambda inner: st.dictionaries(WORDS, inner | st.lists(inner)), max_leaves=4))
def test_any_composition(value: Any) -> None:
    """Arbitrary composition is a schedule or an error of ours."""
    read(value)


@given(documents, st.data())
def test_a_document_with_anything_in_it(document: dict[str, Any], data: st.DataObject) -> None:
    """A good document with one value replaced by anything is a schedule or an error of ours."""
    broken = copy.deepcopy(document)
    place: Any = broken
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inside = place[key]
        if not isinstance(inside, dict | list) or not inside or data.draw(st.booleans()):
            place[key] = data.draw(plain(WORDS | windows))
            break
        place = inside
    read(broken)


@given(st.text(max_size=60) | st.from_regex(r"\A[+-]?(PT)?[0-9]{1,20}(h|m|s|bd|H|M|S)?\Z"))
def test_any_text_as_a_duration(text: str) -> None:
    """Text is a duration or an error of ours, and a duration comes back from its own text."""
    try:
        duration = parse_duration(text)
    except DurationInvalidError:
        return
    assert parse_duration(format_duration(duration)) == duration


@given(st.text(max_size=60) | st.lists(st.sampled_from([
    "FREQ=DAILY", "FREQ=YEARLY", "INTERVAL=2", "COUNT=5", "BYDAY=MO", "BYDAY=-1FR", "BYMONTH=2", "INTERVAL=0",
    "UNTIL=20250101", "BYMONTHDAY=-1", "BYSETPOS=1", "WKST=SU", "BYDAY=", "=", "COUNT=99999999999",
])).map(";".join))  # fmt: skip
def test_any_text_as_a_rule(text: str) -> None:
    """Text is a rule or an error of ours, and a rule expands within a horizon."""
    try:
        rule = parse_rule(text)
    except RuleInvalidError:
        return
    assert len(rule.ordinals(date(2020, 1, 31), date(2025, 12, 31))) <= 2_200


def test_a_schedule_of_too_many_windows() -> None:
    """Hundreds of parts with hundreds of windows a day are refused before they are compiled."""
    crowd = [
        f"{hour:02}:{minute:02}-{hour:02}:{minute + 1:02}" for hour in range(24) for minute in range(0, 60, 2)
    ]
    part = {"zone": "UTC", "hours": {"mon-sun": crowd}}
    schedule = schedule_from_document(
        {"union": [{"shift": {"schedule": part, "by": f"{by}us"}} for by in range(9)]}
    )
    with pytest.raises(OutOfReachError, match="windows"):
        compile_schedule(schedule)
    timeline = compile_schedule(schedule, start=date(2024, 1, 1), end=date(2024, 2, 1))
    with pytest.raises(OutOfReachError, match="windows"):
        timeline.deadline_us(1_706_000_000_000_000, 10**16)
