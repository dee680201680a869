"""Pairs of events: what begins with one, and lasts until the next that ends it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clocks.domain.measures.columns import Flags
from clocks.domain.measures.item import Facts

__all__ = ["Pairing", "Pairs", "pair_facts"]

Places = npt.NDArray[np.intp]


class Pairs(NamedTuple):
    """Places of facts: begun[n] is ended by ended[n], in order of the ends; open: begun and not ended.

    The last Subject's open one, which later facts may end, is not among them but alone: `lasting`.
    """

    begun: Places
    ended: Places
    open: Places
    lasting: int | None


class Pairing:
    """Pairs facts that come in portions, cut anywhere: what lasts at the end of one goes before the next.

    types: those asked for, by which the kinds of facts are told; begins, ends: which of them do.
    """

    def __init__(self, types: Sequence[str], *, begins: str, ends: Sequence[str]) -> None:
        self._begins = types.index(begins)
        self._ends = [types.index(each) for each in ends]
        self.lasting: Facts | None = None

    def pair(self, facts: Facts) -> tuple[Facts, Pairs]:
        """Answer the facts that the places of the pairs are about, and the pairs."""
        facts = facts if self.lasting is None else self.lasting.followed_by(facts)
        ends = np.isin(facts.kinds, self._ends)
        pairs = pair_facts(facts, facts.kinds == self._begins, ends)
        self.lasting = None if pairs.lasting is None else facts.part(pairs.lasting, pairs.lasting + 1)
        return facts, pairs


def pair_facts(facts: Facts, begins: Flags, ends: Flags) -> Pairs:
    """Pair facts, Subject by Subject.

    What begins again while it lasts changes nothing, nor does an end of nothing. A fact that does both ends
    what lasts, and begins the next.
    """
    if not len(begins):
        return Pairs(none := np.empty(0, dtype=np.intp), none, none, None)
    places = np.arange(len(begins))
    fresh = np.array([True, *(one != other for one, other in pairwise(facts.subjects))], dtype=np.bool_)
    # After each fact something lasts if that fact begins: it was begun by it, or had been before.
    lasted = np.concatenate(([False], begins[:-1])) & ~fresh
    ending = ends & lasted
    beginning = begins & (~lasted | ending)
    begun_last = np.maximum.accumulate(np.where(beginning, places, -1))
    ended = places[ending]
    still = places[begins & np.concatenate((fresh[1:], [True]))]
    left = begun_last[still]
    lasting = int(left[-1]) if len(still) and still[-1] == places[-1] else None
    return Pairs(begun_last[ended - 1], ended, left if lasting is None else left[:-1], lasting)
