"""First contact: the share of Subjects that were resolved without anybody having to come back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
import numpy as np

from clocks.domain.measures.item import NO_FACTS, Facts, Items

__all__ = ["FirstContact", "ResolutionFinder"]


class FirstContact(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="first_contact",
    forbid_unknown_fields=True,
):
    """Subjects resolved at the first contact / Subjects first resolved in the period.

    contact, resolved, reopened: types of events; reopened None: there are none.
    quiet: for how long after the resolution no contact and no reopening may follow.
    """

    contact: str = "contact.made"
    resolved: str = "resolved"
    reopened: str | None = "reopened"
    quiet: str = "0s"

    @property
    def types(self) -> Sequence[str]:
        """The types of the events that it is judged by."""
        return [self.contact, self.resolved, *([] if self.reopened is None else [self.reopened])]


class ResolutionFinder:
    """Judges the first resolution of each Subject, by events in order of (subject, time), in portions."""

    def __init__(self, measure: FirstContact, *, quiet_us: int) -> None:
        types = measure.types
        self._contact, self._resolved = types.index(measure.contact), types.index(measure.resolved)
        reopened = measure.reopened
        self._back = {self._contact, self._contact if reopened is None else types.index(reopened)}
        self._quiet_us = quiet_us
        self._left = NO_FACTS

    def find(self, portion: Facts) -> Items:
        """List the resolutions of the Subjects that end in a portion: the last one goes on in the next."""
        facts = self._left.followed_by(portion)
        subjects = facts.subjects
        end = bisect_left(subjects, subjects[-1]) if subjects else 0
        self._left = facts.part(end, len(subjects))
        return self._judge(facts.part(0, end))

    def finish(self) -> Items:
        """Judge the last Subject."""
        return self._judge(self._left)

    def _judge(self, facts: Facts) -> Items:
        found = list(self._resolutions(facts))
        return Items(
            subjects=[one.subject_id for one in found],
            at_us=np.array([one.at_us for one in found], dtype=np.int64),
            contents=(np.array([one.first for one in found], dtype=np.bool_),),
            evidence=[one.evidence for one in found],
        )

    def _resolutions(self, facts: Facts) -> Iterator[_Resolution]:
        rows = zip(facts.subjects, facts.at_us.tolist(), facts.kinds.tolist(), facts.evidence, strict=True)
        for subject_id, group in groupby(rows, key=lambda row: row[0]):
            log = list(group)
            kinds = [kind for _, _, kind, _ in log]
            if self._resolved not in kinds:
                continue
            place = kinds.index(self._resolved)
            at_us = log[place][1]
            contacts = [row[3] for row in log[:place] if row[2] == self._contact]
            back = [
                row[3]
                for row in log[place + 1 :]
                if row[2] in self._back and row[1] <= at_us + self._quiet_us
            ]
            evidence = b"".join((*contacts, log[place][3], *back))
            yield _Resolution(subject_id, at_us, len(contacts) <= 1 and not back, evidence)


class _Resolution(NamedTuple):
    """The first resolution of a Subject, and whether it was at the first contact."""

    subject_id: str
    at_us: int
    first: bool
    evidence: bytes
