"""Subtraction of Intervals against a slow twin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from businesstime import Interval
from calendars.domain.version_difference import only_in

INSTANTS = st.sets(st.integers(0, 40))


def intervals(instants: set[int]) -> list[Interval]:
    """Make the sorted, separate Intervals that hold exactly some unit steps of time."""
    made: list[Interval] = []
    for instant in sorted(instants):
        if made and made[-1].end_us == instant:
            made[-1] = Interval(made[-1].start_us, instant + 1)
        else:
            made.append(Interval(instant, instant + 1))
    return made


@given(INSTANTS, INSTANTS)
def test_what_is_only_in_one_is_set_difference(these: set[int], others: set[int]) -> None:
    """Step by step, time in the one and not in the other."""
    assert list(only_in(intervals(these), intervals(others))) == intervals(these - others)
