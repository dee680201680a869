"""First contact: the share of Subjects that were resolved without anybody having to come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from clocks.domain.measures.item import Fact, Item
from clocks.domain.measures.value import Value

__all__ = ["FirstContact", "find_resolutions", "first_contact"]


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


def find_resolutions(facts: Iterable[Fact], measure: FirstContact, *, quiet_us: int) -> list[Item[bool]]:
    """Judge the first resolution of each Subject, of events in order of (subject, time)."""
    found: list[Item[bool]] = []
    for _, group in groupby(facts, key=lambda fact: fact.subject_id):
        log = list(group)
        place = next((place for place, fact in enumerate(log) if fact.type == measure.resolved), None)
        if place is not None:
            found.append(_judge(log, place, measure, quiet_us))
    return found


def first_contact(resolved: Iterable[bool]) -> Value:
    """Count what was resolved at first contact of all resolutions; samples: Subjects."""
    outcomes = list(resolved)
    return Value(sum(outcomes), len(outcomes), len(outcomes))


def _judge(log: Sequence[Fact], place: int, measure: FirstContact, quiet_us: int) -> Item[bool]:
    done = log[place]
    contacts = [fact for fact in log[:place] if fact.type == measure.contact]
    back = [
        fact
        for fact in log[place + 1 :]
        if fact.type in {measure.contact, measure.reopened} and fact.at_us <= done.at_us + quiet_us
    ]
    marks = tuple(fact.mark for fact in (*contacts, done, *back))
    return Item(done.subject_id, done.at_us, len(contacts) <= 1 and not back, marks)
