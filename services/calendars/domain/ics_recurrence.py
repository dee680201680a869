"""Series of dates that are no plain rule: with exceptions, with dates added, or of several days each.

Their dates are counted over the years until 2099 as a mask, in one pass of bounded length whatever the rule
says, and laid out only if there are few of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain

from businesstime import BusinessTimeError, RecurrenceRule, parse_rule

__all__ = ["MAX_DATES", "MAX_SERIES", "Series", "UntakenError", "read_dates", "read_rule"]

MAX_DATES = 1_000
"""How many dates one series may close: an event of a week in every year, or one in every month."""

MAX_SERIES = 200
"""How many such series a file may have."""

LAST = date(2099, 12, 31)

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T\d{6}Z?)?", re.ASCII)


class UntakenError(Exception):
    """Why an event is not taken; it ends up in the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """When an event begins: on `start`, or by a rule from there on; with dates added and left out.

    days: how many it closes each time.
    """

    start: date
    days: int
    rule: RecurrenceRule | None = None
    added: frozenset[date] = frozenset()
    left_out: frozenset[date] = frozenset()

    @property
    def is_laid_out(self) -> bool:
        """Whether it recurs in a way that a rule alone does not say."""
        return self.rule is not None and (self.days > 1 or bool(self.added or self.left_out))

    def dates(self) -> list[date]:
        """List when it begins, in order. Raises UntakenError where it closes too many dates."""
        ruled = {self.start.toordinal()} if self.rule is None else set(self.rule.ordinals(self.start, LAST))
        if len(ruled) + len(self.added) > MAX_DATES // self.days:
            raise UntakenError(
                f"recurs with exceptions or over several days, and closes more than {MAX_DATES} dates"
            )
        begun = {date.fromordinal(each) for each in ruled} | self.added
        return sorted(begun - self.left_out)


def read_rule(text: str) -> RecurrenceRule:
    """Read a rule of the bounded subset. Raises UntakenError."""
    try:
        return parse_rule(text)
    except BusinessTimeError as error:
        raise UntakenError(f"recurs by a rule that is not taken: {error.reason}") from error


def read_dates(lists: Iterable[str], name: str) -> frozenset[date]:
    """Read lists of dates, by commas; of an instant, its date as written. Raises UntakenError."""
    found = set()
    for each in filter(None, chain.from_iterable(text.split(",") for text in lists)):
        matched = _DATE.fullmatch(each.strip())
        if matched is None:
            raise UntakenError(f"names something else than dates in {name}")
        try:
            found.add(date(*map(int, matched.groups())))
        except ValueError as error:
            raise UntakenError(f"has no date in {name}") from error
    return frozenset(found)
