"""iCalendar files, honest and hostile: taken, listed as skipped, or refused; never slow, never large."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import schedule_from_document
from calendars.domain.errors import CalendarsError
from calendars.domain.ics_reading import MAX_BYTES, IcsHolidays, read_ics

HUNG_S = 20
"""CPU seconds after which a reading is taken to have no end; how fast it is, benchmarks say."""

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n"
FOOT = "END:VCALENDAR\r\n"


def event(*lines: str) -> str:
    """Write one event."""
    return "\r\n".join(["BEGIN:VEVENT", "UID:1@test", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""])


def file_of(*events: str) -> str:
    """Write a file."""
    return HEAD + "".join(events) + FOOT


def of_day(*lines: str, day: str = "20261225", name: str = "Christmas") -> str:
    """Write a file of one whole-day event."""
    return file_of(event(f"DTSTART;VALUE=DATE:{day}", f"SUMMARY:{name}", *lines))


@pytest.mark.parametrize(
    ("content", "holidays"),
    [
        (of_day(), [{"date": "2026-12-25", "name": "Christmas"}]),
        (of_day("DTEND;VALUE=DATE:20261226"), [{"date": "2026-12-25", "name": "Christmas"}]),
        (
            of_day("DTEND;VALUE=DATE:20261227"),
            [{"date": "2026-12-25", "name": "Christmas"}, {"date": "2026-12-26", "name": "Christmas"}],
        ),
        (
            of_day("DURATION:P2D"),
            [{"date": "2026-12-25", "name": "Christmas"}, {"date": "2026-12-26", "name": "Christmas"}],
        ),
        (
            of_day("RRULE:FREQ=YEARLY"),
            [{"rule": "FREQ=YEARLY", "from": "2026-12-25", "name": "Christmas"}],
        ),
        (
            of_day("RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", day="20261126", name="Thanksgiving"),
            [{"rule": "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "from": "2026-11-26", "name": "Thanksgiving"}],
        ),
        (
            of_day(name="Fête\\, d'été\\; \\\\ \\nici"),
            [{"date": "2026-12-25", "name": "Fête, d'été; \\ ici"}],
        ),
        (of_day(name="Christ\r\n mas"), [{"date": "2026-12-25", "name": "Christmas"}]),
        (of_day(name=""), [{"date": "2026-12-25", "name": "Holiday"}]),
        (of_day().replace("\r\n", "\n"), [{"date": "2026-12-25", "name": "Christmas"}]),
        ("\ufeff" + of_day(), [{"date": "2026-12-25", "name": "Christmas"}]),
        (
            file_of(event('DTSTART;X-NOTE="a:b;c";VALUE=DATE:20261225', "SUMMARY:Christmas")),
            [{"date": "2026-12-25", "name": "Christmas"}],
        ),
        (
            file_of(*[event("DTSTART;VALUE=DATE:20261225", "SUMMARY:Christmas")] * 3),
            [{"date": "2026-12-25", "name": "Christmas"}],
        ),
        (
            of_day("BEGIN:VALARM", "DTSTART;VALUE=DATE:20200101", "SUMMARY:Alarm", "END:VALARM"),
            [{"date": "2026-12-25", "name": "Christmas"}],
        ),
        (
            of_day() + of_day(day="20270101", name="New Year"),
            [{"date": "2026-12-25", "name": "Christmas"}, {"date": "2027-01-01", "name": "New Year"}],
        ),
        (HEAD + FOOT, []),
    ],
)
def test_whole_days_and_plain_rules_are_taken(content: str, holidays: list[dict[str, Any]]) -> None:
    """Dates, stretches of dates and rules become entries that a schedule document takes."""
    read = read_ics(content)
    assert list(read.holidays) == holidays
    assert read.skipped == ()
    schedule_from_document(
        {"zone": "UTC", "hours": {"mon": ["09:00-17:00"]}, "holidays": list(read.holidays)}
    )


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["DTSTART:20261225T090000Z"], "time of day"),
        (["DTSTART;TZID=Europe/London:20261225T000000"], "time of day"),
        (["DTSTART;VALUE=DATE:20261301"], "no date"),
        (["DTSTART;VALUE=DATE:20260230"], "no date"),
        (["DTSTART;VALUE=DATE:99991231"], "1970 to 2099"),
        (["DTSTART;VALUE=DATE:00010101"], "1970 to 2099"),
        (["SUMMARY:No start"], "no DTSTART"),
        (["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261225"], "lasts 0 days"),
        (["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20251225"], "lasts -365 days"),
        (["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20991225"], "lasts 26663 days"),
        (["DTSTART;VALUE=DATE:20261225", "DURATION:P9999D"], "lasts 9999 days"),
        (["DTSTART;VALUE=DATE:20261225", "DURATION:PT1S"], "no whole days"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=SECONDLY"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=MINUTELY;INTERVAL=1"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY;INTERVAL=0"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY;INTERVAL=-1"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY;BYSETPOS=1"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;BYSECOND=0,1,2"], "rule that is not taken"),
        (
            ["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;COUNT=2;UNTIL=20300101"],
            "rule that is not taken",
        ),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;COUNT=999999999999"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:" + "FREQ=DAILY;" * 600], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:nonsense"], "rule that is not taken"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:2027"], "in EXDATE"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20271325"], "in EXDATE"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20271225"], "1000 dates"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=MONTHLY", "DURATION:P2D"], "1000 dates"),
        (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY", "EXRULE:FREQ=DAILY"], "EXRULE"),
        (["DTSTART;VALUE=DATE:20261225", "RDATE;VALUE=PERIOD:20271225T000000Z/P1D"], "in RDATE"),
        (["DTSTART;VALUE=DATE:20261225", "STATUS:CANCELLED"], "cancelled"),
    ],
)
def test_what_is_not_taken_is_listed_with_its_reason(lines: list[str], reason: str) -> None:
    """A whole-day event beside it is taken; nothing is dropped in silence."""
    read = read_ics(file_of(event(*lines), event("DTSTART;VALUE=DATE:20270101", "SUMMARY:New Year")))
    assert list(read.holidays) == [{"date": "2027-01-01", "name": "New Year"}]
    assert [(skipped.line, reason in skipped.reason) for skipped in read.skipped] == [(4, True)]


def dates(read: IcsHolidays) -> list[str]:
    """List the dates that are closed, in order."""
    return sorted(entry["date"] for entry in read.holidays)


@pytest.mark.parametrize(
    ("lines", "closed"),
    [
        (
            ["RRULE:FREQ=YEARLY;COUNT=3", "EXDATE;VALUE=DATE:20271225"],
            ["2026-12-25", "2028-12-25"],
        ),
        (
            ["RRULE:FREQ=YEARLY;COUNT=4", "EXDATE:20271225T000000Z,20281225", "EXDATE:20261225"],
            ["2029-12-25"],
        ),
        (
            ["RRULE:FREQ=YEARLY;COUNT=2", "DURATION:P2D"],
            ["2026-12-25", "2026-12-26", "2027-12-25", "2027-12-26"],
        ),
        (["RDATE;VALUE=DATE:20270102,20270101"], ["2026-12-25", "2027-01-01", "2027-01-02"]),
        (["RRULE:FREQ=YEARLY;COUNT=2", "RDATE:20270101"], ["2026-12-25", "2027-01-01", "2027-12-25"]),
        (["RECURRENCE-ID:20261224"], ["2026-12-25"]),
    ],
)
def test_a_series_that_is_no_plain_rule_becomes_its_dates(lines: list[str], closed: list[str]) -> None:
    """Exceptions leave dates out, RDATE adds some, and several days are closed each time."""
    read = read_ics(of_day(*lines))
    assert (dates(read), read.skipped) == (closed, ())


def test_a_series_without_end_goes_on_until_2099() -> None:
    """The years that are counted end there."""
    closed = dates(read_ics(of_day("RRULE:FREQ=YEARLY", "EXDATE:20271225")))
    assert (closed[:2], closed[-1], len(closed)) == (["2026-12-25", "2028-12-25"], "2099-12-25", 73)


def test_an_event_stands_in_for_a_date_of_its_series() -> None:
    """A moved date is closed where it was moved to; a cancelled one is not closed."""
    series = event("DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;COUNT=3", "SUMMARY:Party")
    moved = event("RECURRENCE-ID;VALUE=DATE:20271225", "DTSTART;VALUE=DATE:20271220", "SUMMARY:Party")
    off = event("RECURRENCE-ID;VALUE=DATE:20281225", "DTSTART;VALUE=DATE:20281225", "STATUS:CANCELLED")
    assert dates(read_ics(file_of(series, moved, off))) == ["2026-12-25", "2027-12-20"]


HOSTILE: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "blank lines": lambda: "\r\n" * 100,
    "a web page": lambda: "<!DOCTYPE html><html><body>Sign in</body></html>",
    "json": lambda: '{"events": []}',
    "binary": lambda: "".join(map(chr, range(256))) * 100,
    "utf-16 read as latin": lambda: of_day().encode("utf-16").decode("latin-1"),
    "lone surrogates": lambda: of_day(name="\ud800\udfff".replace("\udfff", "\ud801")).replace(
        "SUMMARY", "SUM\ud800"
    ),
    "nul in a name": lambda: of_day(name="a\x00b"),
    "escape characters": lambda: of_day(name="\x1b[31mred"),
    "no end": lambda: HEAD,
    "no end of an event": lambda: HEAD + "BEGIN:VEVENT\r\n" + FOOT,
    "an end too many": lambda: of_day() + "END:VCALENDAR\r\n",
    "crossed ends": lambda: HEAD + "BEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n",
    "event in event": lambda: HEAD + "BEGIN:VEVENT\r\n" * 2 + "END:VEVENT\r\n" * 2 + FOOT,
    "calendar in calendar": lambda: HEAD * 2 + FOOT * 2,
    "event without calendar": lambda: event("DTSTART;VALUE=DATE:20261225"),
    "text before": lambda: "hello\r\n" + of_day(),
    "text after": lambda: of_day() + "hello\r\n",
    "nested a thousand deep": lambda: HEAD + "BEGIN:X\r\n" * 1_000,
    "nested a hundred thousand deep": lambda: HEAD + "BEGIN:X\r\n" * 100_000,
    "a line without colon": lambda: HEAD + "VERSION\r\n" + FOOT,
    "an open quote": lambda: HEAD + 'X;A="open:value\r\n' + FOOT,
    "a name of blanks": lambda: HEAD + "X Y:1\r\n" + FOOT,
    "a name of a thousand": lambda: HEAD + "X" * 1_000 + ":1\r\n" + FOOT,
    "a name of letters that are none": lambda: HEAD + "\uff38\uff39:1\r\n" + FOOT,
    "one long line": lambda: of_day(name="x" * 1_000_000),
    "one long folded line": lambda: of_day(name="x" + "\r\n x" * 200_000),
    "folds of nothing": lambda: HEAD + "X:1" + "\r\n " * 300_000 + "\r\n" + FOOT,
    "a fold first": lambda: " BEGIN:VCALENDAR\r\n",
    "twenty megabytes": lambda: of_day(name="x" * 20_000_000),
    "twenty megabytes of lines": lambda: HEAD + "X:1\r\n" * 4_000_000 + FOOT,
    "wide characters past the limit": lambda: HEAD + "X:\U0001f4a9\r\n" * 150_000 + FOOT,
    "fifty thousand events": lambda: file_of(*["BEGIN:VEVENT\nEND:VEVENT\n"] * 50_000)[: MAX_BYTES + 10],
    "five thousand and one events": lambda: file_of(*["BEGIN:VEVENT\nEND:VEVENT\n"] * 5_001),
    "days past the limit": lambda: file_of(
        *[event(f"DTSTART;VALUE=DATE:{1970 + n}0101", "DURATION:P60D") for n in range(100)]
    ),
    "series of exceptions": lambda: file_of(
        *[
            event("DTSTART:19700101", "RRULE:FREQ=DAILY", f"EXDATE:{1971 + n % 90}0101", f"SUMMARY:{n}")
            for n in range(4_000)
        ]
    ),
    "a parameter bomb": lambda: HEAD + "X" + ";A=B" * 200_000 + ":1\r\n" + FOOT,
    "a quote bomb": lambda: HEAD + "X" + ';A="":' * 2_000 + "\r\n" + FOOT,
    "carriage returns only": lambda: "\r" * 500_000,
    "a colon only": lambda: ":",
    "colons": lambda: ":" * 500_000,
    "a wrong begin": lambda: "BEGIN:VCARD\r\nEND:VCARD\r\n",
    "a byte order mark in the middle": lambda: HEAD + "\ufeffX:1\r\n" + FOOT,
    "backspaces": lambda: HEAD + "X:\b\b\b\r\n" + FOOT,
    "ends without begins": lambda: "END:VCALENDAR\r\n" * 1_000,
    "entities": lambda: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>',
    "a deep journal": lambda: HEAD + "BEGIN:VJOURNAL\r\n" * 6 + "END:VJOURNAL\r\n" * 6 + FOOT,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_soon_and_small(name: str) -> None:
    """Each is refused with a code, the field and a short message, in bounded time and within 64 MB."""
    content = HOSTILE[name]()
    tracemalloc.start()
    began_s = time.process_time()
    try:
        with pytest.raises(CalendarsError) as refused:
            read_ics(content)
        took_s, (_, peak) = time.process_time() - began_s, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.code in {"ics_invalid", "ics_too_large"}
    assert refused.value.field == "content"
    assert len(str(refused.value)) < 300
    assert took_s < HUNG_S
    assert peak < 64 * 1024 * 1024


def test_the_corpus_of_hostile_files_is_large_enough() -> None:
    """At least 43 of them, beside the 27 hostile events above."""
    assert len(HOSTILE) >= 43


@pytest.mark.parametrize(
    "content",
    [
        of_day("RRULE:FREQ=DAILY;" + "BYMONTHDAY=" + ",".join(map(str, range(1, 32)))),
        file_of(
            *[
                event(f"DTSTART;VALUE=DATE:{1970 + n % 130}0101", f"SUMMARY:{n}", "RRULE:FREQ=DAILY")
                for n in range(4_900)
            ]
        ),
    ],
)
def test_a_dense_file_that_is_allowed_is_read_soon(content: str) -> None:
    """As much as the limits let through is read in bounded time."""
    began_s = time.process_time()
    assert read_ics(content).holidays
    assert time.process_time() - began_s < HUNG_S


@given(
    st.text(max_size=400)
    | st.lists(st.sampled_from(of_day("RRULE:FREQ=YEARLY").splitlines()), max_size=20).map("\r\n".join)
)
def test_any_text_is_an_answer_or_a_refusal(content: str) -> None:
    """No text makes anything else of it."""
    try:
        assert isinstance(read_ics(content), IcsHolidays)
    except CalendarsError as error:
        assert error.field == "content"  # noqa: PT017 - either outcome is right
