from __future__ import annotations

import time
from datetime import date, datetime

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from businesstime import RuleInvalidError, parse_rule

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Draw any rule of the subset."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    if draw(st.booleans()):
        parts.append(
            f"BYMONTH={','.join(map(str, draw(st.sets(st.integers(1, 12), min_size=1, max_size=3))))}"
        )
    if frequency != "WEEKLY" and draw(st.booleans()):
        days = draw(st.sets(st.integers(-31, 31).filter(bool), min_size=1, max_size=3))
        parts.append(f"BYMONTHDAY={','.join(map(str, days))}")
    if draw(st.booleans()):
        numbered = frequency in {"YEARLY", "MONTHLY"} and draw(st.booleans())
        numbers = st.sampled_from(["1", "2", "-1", "+3", "5", "-5"]) if numbered else st.just("")
        days_of_week = draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=3))
        parts.append("BYDAY=" + ",".join(draw(numbers) + day for day in sorted(days_of_week)))
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    if draw(st.booleans()):
        parts.append(
            draw(st.sampled_from(["COUNT=3", "COUNT=40", "UNTIL=20240630", "UNTIL=20240630T120000Z"]))
        )
    return ";".join(parts)


@given(rules(), st.dates(date(2019, 1, 1), date(2021, 12, 31)))
def test_a_rule_is_that_of_dateutil(text: str, start: date) -> None:
    """A rule holds on the dates on which another implementation says it does."""
    last = date(2026, 12, 31)
    theirs = rrulestr(
        text.replace("T120000Z", "T000000"), dtstart=datetime.combine(start, datetime.min.time())
    )
    midnight = datetime.min.time()
    every = theirs.between(datetime.combine(start, midnight), datetime.combine(last, midnight), inc=True)
    wanted = [each.date() for each in every]
    assert [date.fromordinal(each) for each in parse_rule(text).ordinals(start, last)] == wanted


@given(rules())
def test_a_rule_comes_back(text: str) -> None:
    """A rule's text is read as an equal rule."""
    rule = parse_rule(text)
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;COUNT=1",
        "INTERVAL=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1000000",
        "FREQ=DAILY;COUNT=1;UNTIL=20300101",
        "FREQ=DAILY;UNTIL=20301301",
        "FREQ=DAILY;UNTIL=never",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=YEARLY;BYHOUR=1",
        "FREQ=YEARLY;BYWEEKNO=1",
        "FREQ=YEARLY;BYMONTH=0",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTHDAY=32",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=YEARLY;BYDAY=0MO",
        "FREQ=YEARLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=YEARLY;WKST=XX",
        "FREQ=YEARLY;FREQ=DAILY",
        "FREQ=YEARLY;BYMONTH=" + ",".join(["1"] * 1000),
        None,
        7,
    ],
)
def test_what_is_outside_the_subset_is_refused(text: object) -> None:
    """Anything else is refused before it is expanded."""
    with pytest.raises(RuleInvalidError) as caught:
        parse_rule(text, field="holidays[0].rule")
    assert caught.value.field == "holidays[0].rule"


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1;INTERVAL=10000",
    ],
)
def test_the_worst_rule_is_bounded(text: str) -> None:
    """A rule that never holds, or holds daily, takes no longer than six centuries of dates do."""
    started = time.process_time()
    found = parse_rule(text).ordinals(date(1800, 1, 1), date(2399, 12, 31))
    assert len(found) <= 220_000
    assert time.process_time() - started < 20
