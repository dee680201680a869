from __future__ import annotations

import pytest

from businesstime import BusinessDays, DurationInvalidError, format_duration, parse_duration

HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("4h", 4 * HOUR_US),
        ("90m", 90 * 60_000_000),
        ("1h30m", 90 * 60_000_000),
        ("1h 30m", 90 * 60_000_000),
        ("45s", 45_000_000),
        ("250ms", 250_000),
        ("7us", 7),
        ("-4h", -4 * HOUR_US),
        ("PT4H", 4 * HOUR_US),
        ("PT4H30M", 4 * HOUR_US + 30 * 60_000_000),
        ("PT0.5S", 500_000),
        ("-PT1,25S", -1_250_000),
        ("pt4h", 4 * HOUR_US),
        ("2bd", BusinessDays(2)),
        ("-3bd", BusinessDays(-3)),
    ],
)
def test_durations(text: str, duration: int | BusinessDays) -> None:
    """A duration is open time in µs, or business days, which are no hours."""
    assert parse_duration(text) == duration
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "4", "h", "4 hours", "4.5h", "P1D", "P2W", "PT", "1d", "2BD", "1bd2h", "4h4", "٤h"),
        *("9" * 20 + "h", "99999999h", "100000bd", "PT1.1234567S", None, 4),
    ],
)
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused; a day of open time has no one length, so days are refused too."""
    with pytest.raises(DurationInvalidError):
        parse_duration(text)
