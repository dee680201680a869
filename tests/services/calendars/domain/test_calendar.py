"""The law of versions, by example and against a slow twin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from calendars.domain.calendar import Amendment, AmendMode, amend, begin, in_force
from calendars.domain.document import CalendarKey, read_document

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A version that knows only its number and from when it holds."""

    number: int
    effective_from: datetime | None


def at(hour: int) -> datetime:
    """Return so many hours after the start."""
    return START + timedelta(hours=hour)


def holding_at(versions: list[Said], instant: datetime) -> int:
    """Find what holds at an instant, the slow way: the last one said that had begun."""
    return [
        each.number for each in versions if each.effective_from is None or each.effective_from <= instant
    ][-1]


@given(st.lists(st.integers(0, 20), max_size=12))
def test_the_last_said_holds_at_every_instant(hours: list[int]) -> None:
    """What is in force agrees, instant by instant, with the latest version that has begun by then."""
    versions = [Said(number=1, effective_from=None)]
    versions += [Said(number=number, effective_from=at(hour)) for number, hour in enumerate(hours, start=2)]
    parts = in_force(versions)
    starts = [part.effective_from for part in parts]
    assert starts[0] is None
    dated = [start for start in starts if start is not None]
    assert dated == sorted(set(dated))
    for hour in range(-1, 22):
        begun = [part for part in parts if part.effective_from is None or part.effective_from <= at(hour)]
        assert begun[-1].number == holding_at(versions, at(hour))


def test_what_is_recorded_later_is_never_dated_earlier() -> None:
    """An amendment by a host whose clock lags is dated as the version before it."""
    document = read_document({"zone": "UTC", "hours": {"mon": ["09:00-17:00"]}})
    calendar = begin(key=CalendarKey("a"), name="A", document=document, by="ada", now=START)
    amendment = Amendment(
        expected_version=1, document=document, mode=AmendMode.FORWARD, effective_from=None, reason=None
    )
    amended = amend(calendar, amendment, by="ada", now=START - timedelta(seconds=5))
    assert [version.created_at for version in amended.versions] == [START, START]
    assert amended.versions[1].effective_from == START - timedelta(seconds=5)
