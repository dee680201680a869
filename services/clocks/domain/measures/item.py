"""What measures look at, a portion of it at a time and column by column: the same place is the same thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from clocks.domain.measures.columns import Column, Contents, Flags, Int64Array, Number, column_of

__all__ = ["NO_FACTS", "NO_INSTANTS", "Facts", "Items", "Told", "read_items"]

Read = Callable[[str | None], Number | None]
Rule = Callable[..., Flags]


class Told(NamedTuple):
    """Events of one type, with the JSON of the attributes asked for; None: it has none.

    evidence: id and content of each. counts: how many events say the same, where they are not told one by
    one: whose they are and when they were is not known then, and the evidence is that of all.
    """

    subjects: Sequence[str]
    at_us: Int64Array
    texts: Sequence[Sequence[str | None]]
    evidence: Sequence[bytes]
    counts: Int64Array | None = None


class Facts(NamedTuple):
    """Events of several types, in order of (subject, time).

    kinds: the place of each one's type among those asked for.
    """

    subjects: Sequence[str]
    at_us: Int64Array
    kinds: Int64Array
    evidence: Sequence[bytes]

    def part(self, start: int, end: int) -> Facts:
        """Cut a piece out."""
        subjects, at_us, kinds, evidence = self
        return Facts(subjects[start:end], at_us[start:end], kinds[start:end], evidence[start:end])

    def followed_by(self, other: Facts) -> Facts:
        """Put others after these."""
        return Facts(
            [*self.subjects, *other.subjects],
            np.concatenate((self.at_us, other.at_us)),
            np.concatenate((self.kinds, other.kinds)),
            [*self.evidence, *other.evidence],
        )


NO_INSTANTS = np.empty(0, dtype=np.int64)
NO_FACTS = Facts([], NO_INSTANTS, NO_INSTANTS, [])


class Items(NamedTuple):
    """Things that count.

    at_us: the instants that put them into a period; their Subjects' attributes are those of these instants.
    contents: what the measure sums up. evidence: what each stands on. labels: what else tells them apart.
    unusable: how many should have been among them, and say nothing that can.
    """

    subjects: Sequence[str]
    at_us: Int64Array
    contents: Contents
    evidence: Sequence[bytes]
    labels: Mapping[str, Sequence[str]] = {}
    unusable: int = 0

    def chosen(self, wanted: Flags) -> Items:
        """Leave out what is not wanted."""
        return Items(
            subjects=list(compress(self.subjects, wanted)),
            at_us=self.at_us[wanted],
            contents=tuple(column[wanted] for column in self.contents),
            evidence=list(compress(self.evidence, wanted)),
            labels={name: list(compress(told, wanted)) for name, told in self.labels.items()},
            unusable=self.unusable,
        )


def read_items(told: Told, read: Read, *, usable: Rule) -> Items:
    """Read the attributes as numbers, and leave out, counted, what lacks one or breaks the rule."""
    columns: list[Column] = []
    holds = np.ones(len(told.texts[0]), dtype=np.bool_)
    for texts in told.texts:
        numbers = list(map(read, texts))
        if None in numbers:
            holds &= np.array([number is not None for number in numbers], dtype=np.bool_)
        columns.append(column_of([number or 0 for number in numbers]))
    holds &= usable(*columns)
    if told.counts is None:
        items = Items(told.subjects, told.at_us, tuple(columns), told.evidence)
        lacking = len(holds) - int(holds.sum())
        return items.chosen(holds)._replace(unusable=lacking) if lacking else items
    contents = tuple(np.repeat(column[holds], told.counts[holds]) for column in columns)
    return Items((), NO_INSTANTS, contents, told.evidence, unusable=int(told.counts[~holds].sum()))
