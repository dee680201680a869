"""Definition keys: equal content, equal keys; anything that changes an answer changes the key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from calendars.domain.calendar import Calendar, begin
from calendars.domain.definition import Horizon, Outline, definition_key, horizon_at, outline_of
from calendars.domain.document import CalendarKey, read_document
from tests.services.calendars.documents import LONDON, NEW_YORK

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HORIZON = horizon_at(NOW)


def calendar(key: str, document: dict[str, Any]) -> Calendar:
    """Make a Calendar of one version."""
    return begin(key=CalendarKey(key), name=key, document=read_document(document), by="ada", now=NOW)


def key_of(root: str, *calendars: Calendar, horizon: Horizon = HORIZON) -> str:
    """Compute the key of one of some Calendars."""
    return definition_key(CalendarKey(root), {each.key: outline_of(each) for each in calendars}, horizon)


def test_names_and_order_of_writing_do_not_matter() -> None:
    """Another key, another order of fields: the same hours, the same key."""
    turned = dict(reversed(LONDON.items()))
    assert key_of("a", calendar("a", LONDON)) == key_of("b", calendar("b", turned))


def test_content_matters() -> None:
    """Other hours, other dates, another horizon: another key."""
    one = calendar("a", LONDON)
    keys = {
        key_of("a", one),
        key_of("a", calendar("a", NEW_YORK)),
        key_of("a", one, horizon=Horizon(start=date(2024, 1, 1), end=date(2027, 1, 1))),
    }
    assert len(keys) == 3


def test_what_it_is_made_of_matters_and_how_that_is_called_does_not_carry_over() -> None:
    """The key of a composed Calendar covers its operands' content, each under its own name."""
    union = calendar("u", {"union": ["a", "b"]})
    plain = key_of("u", union, calendar("a", LONDON), calendar("b", NEW_YORK))
    turned = key_of("u", union, calendar("a", NEW_YORK), calendar("b", LONDON))
    assert plain != turned


def test_a_version_that_no_longer_holds_does_not_matter() -> None:
    """A version wholly replaced by a later one leaves no trace in the key."""
    outline = outline_of(calendar("a", LONDON))
    first = outline.versions[0]
    replaced = replace(first, version=2, effective_from=NOW, digest=b"x" * 32)
    latest = replace(first, version=3, effective_from=NOW, digest=b"y" * 32)
    key = CalendarKey("a")
    short = Outline(key=key, versions=(first, replace(latest, version=2)))
    long = Outline(key=key, versions=(first, replaced, latest))
    assert definition_key(key, {key: short}, HORIZON) == definition_key(key, {key: long}, HORIZON)


def test_the_horizon_is_three_civil_years() -> None:
    """Keys change once a year, at the year's beginning."""
    assert Horizon(start=date(2025, 1, 1), end=date(2028, 1, 1)) == HORIZON
    assert horizon_at(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == HORIZON
