"""The slow twin of measures over raw events: lists, loops and fractions, a fact at a time.

It knows nothing of SQL, portions or columns. Minutes are its unit of time: all that is told happens on one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import Any, NamedTuple

__all__ = ["Thing", "Told", "things_of", "value_of"]

MINUTE_US = 60_000_000


class Told(NamedTuple):
    """An event."""

    subject: str
    minute: int
    type: str
    attributes: Mapping[str, Any]


class Thing(NamedTuple):
    """What counts: whose, when, and what is summed up."""

    subject: str
    minute: int
    content: Any


def things_of(
    document: Mapping[str, Any], log: Sequence[Told], start: int, end: int, now: int
) -> list[Thing]:
    """List what a measure looks at in the minutes [start, end), read at the minute `now`."""
    inside = [one for one in log if start <= one.minute < end]
    match document["kind"]:
        case "availability":
            found = list(outages(log, "down", "up", now))
            return [one for one in found if one.minute < end and one.content[1] > start]
        case "first_contact":
            return [one for one in resolutions(log) if start <= one.minute < end]
        case "csat" | "nps" | "error_rate":
            return [numbers_of(one, document) for one in inside if numbers_of(one, document).content]
        case "ratio":
            told = [(one, plain(one, "errors"), plain(one, "requests")) for one in inside]
            return [
                Thing(one.subject, one.minute, (above, below))
                for one, above, below in told
                if one.type == "counted"
                and above is not None
                and below is not None
                and min(above, below) >= 0
            ]
    if document["of"]["kind"] == "numbers":
        told_numbers = [(one, plain(one, "score")) for one in inside if one.type == "asked"]
        return [Thing(one.subject, one.minute, (n, False)) for one, n in told_numbers if n is not None]
    return [one for one in spans(log) if start <= one.minute < end]


def value_of(
    document: Mapping[str, Any], things: Sequence[Thing], start: int, end: int, now: int
) -> Fraction | None:
    """Sum up what `things_of` found."""
    contents = [one.content for one in things]
    if document["kind"] == "availability":
        down = {minute for since, until in contents for minute in range(max(since, start), min(until, end))}
        base = max(min(end, now) - start, 0)
        return Fraction(base - len([one for one in down if one < now]), base) if base else None
    match document["kind"]:
        case "first_contact":
            above, below = sum(contents), len(contents)
        case "csat":
            above, below = sum(score >= 4 for score, _ in contents), len(contents)
        case "nps":
            above, below = sum((s >= 9) - (s <= 6) for s, _ in contents), len(contents)
        case "error_rate" | "ratio":
            above, below = sum(content[0] for content in contents), sum(content[1] for content in contents)
        case "within":
            bound = 30 * MINUTE_US if document["of"]["kind"] == "spans" else 5
            counted = [(n, gone) for n, gone in contents if not gone or n > bound]
            above, below = sum(n <= bound for n, _ in counted), len(counted)
        case kind:
            finished = sorted(n for n, gone in contents if not gone)
            if not finished:
                return None
            ranked = finished[ceil(90 * len(finished) / 100) - 1]
            return Fraction(ranked) if kind == "percentile" else Fraction(sum(finished)) / len(finished)
    return Fraction(above) / Fraction(below) if below else None


def plain(one: Told, name: str) -> Fraction | None:
    """Read a number as it is written."""
    value = one.attributes.get(name)
    return None if isinstance(value, bool | str | None) else Fraction(str(value))


def numbers_of(one: Told, document: Mapping[str, Any]) -> Thing:
    """Read a score, or failed and all requests; nothing where it is of another type or impossible."""
    names, kind = (
        (("errors", "requests"), "counted") if document["kind"] == "error_rate" else (("score",), "asked")
    )
    values = [one.attributes.get(name) for name in names]
    whole = [each for each in values if isinstance(each, int) and not isinstance(each, bool)]
    if one.type != kind or len(whole) < len(names):
        return Thing(one.subject, one.minute, None)
    lowest, highest = {"csat": (1, 5), "nps": (0, 10)}.get(document["kind"], (0, whole[-1]))
    return Thing(one.subject, one.minute, (*whole, 0) if lowest <= whole[0] <= highest else None)


def outages(log: Sequence[Told], started: str, ended: str, now: int) -> Iterator[Thing]:
    """Walk over each Subject."""
    for subject, group in groupby(log, key=lambda one: one.subject):
        opened: int | None = None
        for one in group:
            if one.type == started and one.minute < now:
                opened = one.minute if opened is None else opened
            elif one.type == ended and one.minute < now and opened is not None:
                yield Thing(subject, opened, (opened, one.minute))
                opened = None
        if opened is not None:
            yield Thing(subject, opened, (opened, now))


def spans(log: Sequence[Told]) -> Iterator[Thing]:
    """Walk over each Subject: from asked to up, given up by down."""
    for subject, group in groupby(log, key=lambda one: one.subject):
        begun: int | None = None
        for one in group:
            if begun is not None and one.type in {"up", "down"}:
                yield Thing(subject, one.minute, ((one.minute - begun) * MINUTE_US, one.type == "down"))
                begun = None
            elif begun is None and one.type == "asked":
                begun = one.minute


def resolutions(log: Sequence[Told]) -> Iterator[Thing]:
    """Walk over each Subject: asked is a contact, up resolves, down reopens within an hour."""
    for subject, group in groupby(log, key=lambda one: one.subject):
        told = list(group)
        place = next((place for place, one in enumerate(told) if one.type == "up"), None)
        if place is not None:
            done = told[place].minute
            contacts = [one for one in told[:place] if one.type == "asked"]
            back = [
                one for one in told[place + 1 :] if one.type in {"asked", "down"} and one.minute <= done + 60
            ]
            yield Thing(subject, done, len(contacts) <= 1 and not back)
