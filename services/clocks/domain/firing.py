"""Firings: the warnings and the breach of a Cycle, and when each is due to be sent."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Literal

import msgspec

from businesstime import Timeline
from clocks.domain.cycle import Cycle

__all__ = ["Firing", "all_firings", "next_firing"]


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a Cycle owes at an instant.

    threshold: names it within the Cycle: "breach", or a warning's Target and label, as "P1:75%".
    at_us: its true time, whenever it is sent. A breach is known a microsecond after it.
    """

    kind: Literal["warning", "breach"]
    threshold: str
    target: str
    at_us: int


def all_firings(cycle: Cycle, timelines: Mapping[str, Timeline]) -> tuple[Firing, ...]:
    """List the firings of a Cycle, past ones and those to come if no event comes, in order of time."""
    raise NotImplementedError


def next_firing(
    cycle: Cycle, timelines: Mapping[str, Timeline], *, fired: Container[str] = ()
) -> Firing | None:
    """Choose the first firing whose threshold is not among `fired`; None: nothing is owed until an event."""
    raise NotImplementedError
