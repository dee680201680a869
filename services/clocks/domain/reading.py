"""Readings: a Cycle seen at an instant."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from businesstime import Timeline
from clocks.domain.cycle import Cycle, Outcome, Phase

__all__ = ["Reading", "read_cycle"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A Cycle at the instant `read_at_us`; elapsed and remaining are business time in microseconds.

    due_at_us: None while paused with time left. ticking: running, and the team at work.
    next_change_us: when ticking or outcome changes next if no event comes; None: never.
    """

    read_at_us: int
    phase: Phase
    outcome: Outcome
    due_at_us: int | None
    breached_at_us: int | None
    stopped_at_us: int | None
    elapsed_us: int
    remaining_us: int
    ticking: bool
    next_change_us: int | None


def read_cycle(cycle: Cycle, at_us: int, timelines: Mapping[str, Timeline]) -> Reading:
    """Read a Cycle. Raises CalendarMissing when a Timeline that it was counted on is not given."""
    raise NotImplementedError
