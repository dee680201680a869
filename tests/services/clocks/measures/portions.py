"""Facts in columns for tests, and values of them, however they are cut into portions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from clocks.domain.measures.columns import Contents
from clocks.domain.measures.item import Facts, Told
from clocks.domain.measures.reduction import Reduction
from clocks.domain.measures.value import Value

__all__ = ["cut", "facts_of", "summed", "told"]


def told(events: Sequence[Mapping[str, object]], *names: str) -> Told:
    """Tell attributes of the events of one Subject, at 0, 1, 2… µs, as the database gives their JSON."""
    texts = [[json.dumps(event[name]) if name in event else None for event in events] for name in names]
    at_us = np.arange(len(events), dtype=np.int64)
    return Told(["s"] * len(events), at_us, texts, [b"%d" % place for place in range(len(events))])


def facts_of(log: Iterable[tuple[str, int, int]]) -> Facts:
    """Make facts of (subject, instant, kind); the evidence is subject and instant."""
    rows = list(log)
    return Facts(
        [subject for subject, _, _ in rows],
        np.array([at_us for _, at_us, _ in rows], dtype=np.int64),
        np.array([kind for _, _, kind in rows], dtype=np.int64),
        [f"{subject}{at_us} ".encode() for subject, at_us, _ in rows],
    )


def cut(facts: Facts, cuts: Iterable[int]) -> list[Facts]:
    """Cut facts at places."""
    rows = len(facts.subjects)
    edges = [0, *sorted(min(place, rows) for place in cuts), rows]
    return [facts.part(start, end) for start, end in pairwise(edges)]


def summed(reduction: Reduction, contents: Contents, *, rows: int = 7) -> Value:
    """Give a reduction contents in portions, and answer the value."""
    for start in range(0, len(contents[0]), rows):
        reduction.add(tuple(column[start : start + rows] for column in contents))
    return reduction.value()
