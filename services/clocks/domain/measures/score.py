"""Scores: what customers answered, as CSAT by top box, or as net promoter score."""

from __future__ import annotations

import msgspec

from clocks.domain.measures.columns import Contents, read_whole
from clocks.domain.measures.item import Items, Told, read_items
from clocks.domain.measures.reduction import Share
from clocks.domain.measures.value import Value

__all__ = ["NetPromoter", "NetTally", "TopBox", "TopBoxTally", "find_scores"]


class TopBox(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="csat", forbid_unknown_fields=True
):
    """CSAT by top box: answers of at least `top` / all answers from `lowest` to `highest`."""

    event: str = "survey.answered"
    score: str = "score"
    lowest: int = 1
    highest: int = 5
    top: int = 4


class NetPromoter(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="nps", forbid_unknown_fields=True
):
    """NPS: (answers of 9 and 10 - answers of 0 to 6) / all answers from 0 to 10; from -1 to 1."""

    event: str = "survey.answered"
    score: str = "score"
    promoters: int = 9
    detractors: int = 6
    highest: int = 10


def find_scores(told: Told, *, lowest: int, highest: int) -> Items:
    """Read the scores of events; those that hold no whole number of the scale are unusable."""
    return read_items(told, read_whole, usable=lambda scores: (scores >= lowest) & (scores <= highest))


class TopBoxTally(Share):
    """The answers in the top box, of all; samples: answers."""

    def __init__(self, top: int) -> None:
        super().__init__()
        self._top = top

    def add(self, contents: Contents) -> None:
        """Count a portion: scores."""
        (scores,) = contents
        super().add((scores >= self._top,))


class NetTally:
    """Promoters less detractors, of all; samples: answers."""

    def __init__(self, *, promoters: int, detractors: int) -> None:
        self._promoters, self._detractors = promoters, detractors
        self._net = self._counted = 0

    def add(self, contents: Contents) -> None:
        """Count a portion: scores."""
        (scores,) = contents
        self._net += int((scores >= self._promoters).sum()) - int((scores <= self._detractors).sum())
        self._counted += len(scores)

    def value(self) -> Value:
        """Answer net / all."""
        return Value(self._net, self._counted, self._counted)
