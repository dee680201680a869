"""Scores: what customers answered, as CSAT by top box, or as net promoter score."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from clocks.domain.measures.item import Fact, Item
from clocks.domain.measures.value import Value

__all__ = ["NetPromoter", "TopBox", "find_scores", "net_promoter", "top_box"]


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


def find_scores(
    facts: Iterable[Fact], score: str, *, lowest: int, highest: int
) -> tuple[list[Item[int]], int]:
    """Read whole scores of events; the second answer is how many hold none of the scale."""
    found: list[Item[int]] = []
    unusable = 0
    for fact in facts:
        number = fact.attributes.get(score)
        if isinstance(number, int) and not isinstance(number, bool) and lowest <= number <= highest:
            found.append(Item(fact.subject_id, fact.at_us, number, (fact.mark,)))
        else:
            unusable += 1
    return found, unusable


def top_box(scores: Iterable[int], *, top: int) -> Value:
    """Count the answers in the top box; samples: answers."""
    answers = list(scores)
    return Value(sum(one >= top for one in answers), len(answers), len(answers))


def net_promoter(scores: Iterable[int], *, promoters: int, detractors: int) -> Value:
    """Count promoters less detractors; samples: answers."""
    answers = list(scores)
    net = sum((one >= promoters) - (one <= detractors) for one in answers)
    return Value(net, len(answers), len(answers))
