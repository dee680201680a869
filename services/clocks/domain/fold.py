"""The fold: a Subject's state after more of its events. Pure: the same log, policies and Timelines, the same state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from businesstime import Timeline
from clocks.domain.cycle import SubjectState
from clocks.domain.event import Event
from clocks.domain.policy import PolicyVersion

__all__ = ["fold"]

Policies = Mapping[str, Sequence[PolicyVersion]]
Timelines = Mapping[str, Timeline]


def fold(state: SubjectState, events: Iterable[Event], policies: Policies) -> SubjectState:
    """Fold events of one Subject, in any order and with any duplicates, onto its state.

    Law: fold(fold(s, a), b) == fold(s, a + b) where all of b come after all of a. Raises EventsLate when an event
    comes before the state's last: then fold the whole log again, onto `empty_state`.
    """
    raise NotImplementedError
