"""The command `meantime calendar`, as a user calls it: what it prints, and how it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.app import main

LONDON = """
zone: Europe/London
hours: {mon-fri: ["09:00-12:30", "13:30-17:00"]}
holidays: [{country: GB, subdivision: ENG}]
"""
FAMILY = """
kind: Calendar
key: world
zone: UTC
hours: {mon-fri: ["09:00-17:00"]}
holidays: [{date: 2026-03-04, name: Founders' day}]
---
kind: Calendar
key: tokyo
parent: world
zone: Asia/Tokyo
opt_out: ["Founders' day"]
---
kind: Calendar
key: sun
union: [world, tokyo]
---
kind: Policy
key: not-asked
"""
SEASONS_OVERLAP = """
zone: UTC
hours: {mon: ["09:00-10:00"]}
seasons:
- {name: a, from: "06-01", to: "08-31", hours: {mon: ["10:00-11:00"]}}
- {name: b, from: "08-31", to: "09-30", hours: {mon: ["10:00-11:00"]}}
"""
DESK = "zone: UTC\nhours: {mon: ['09:00-10:00']}\n"
LATER = "{effective_from: '2027-01-01T00:00:00Z', zone: UTC, hours: {mon: ['09:00-10:00']}}"
NEVER = "{effective_from: '2027-01-01T00:00:00Z', zone: UTC, hours: {}}"
NOBODY = "{effective_from: '2027-01-01T00:00:00Z', parent: nobody}"
WEDNESDAY_NIGHT = "2026-03-04T02:00:00Z"


@pytest.fixture
def london(tmp_path: Path) -> str:
    """Write a schedule document that names no kind."""
    path = tmp_path / "london.yaml"
    path.write_text(LONDON, encoding="utf-8")
    return str(path)


@pytest.fixture
def family(tmp_path: Path) -> str:
    """Write a parent, a child of it and their union, beside something else."""
    folder = tmp_path / "calendars"
    folder.mkdir()
    (folder / "all.yaml").write_text(FAMILY, encoding="utf-8")
    return str(folder)


class Command:
    """Calls `meantime calendar` as the console script does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def run(self, *arguments: str) -> tuple[object, str, str]:
        """Give the exit code, and what was printed on both streams."""
        self._monkeypatch.setattr(sys, "argv", ["meantime", "calendar", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self._capfd.readouterr()
        return ended.value.code, printed.out, printed.err

    def lines(self, *arguments: str) -> list[str]:
        """Give the lines of a run that goes well."""
        code, out, err = self.run(*arguments)
        assert (code or 0, err) == (0, "")
        return [" ".join(line.split()) for line in out.splitlines()]

    def answers(self, *arguments: str) -> list[dict[str, Any]]:
        """Give the JSON of a run that goes well."""
        return [json.loads(line) for line in self.lines(*arguments, "--format", "json")]

    def refusal(self, *arguments: str) -> str:
        """Give the one line of a run that is refused."""
        code, out, err = self.run(*arguments)
        assert (code, out) == (1, "")
        (line,) = err.splitlines()
        return line


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Give the command."""
    return Command(monkeypatch, capfd)


def test_open_or_closed_with_reason(calendar: Command, london: str) -> None:
    """The file's name is the key; the reason of a holiday is its name."""
    assert calendar.lines("is-open", london, "--at", "2026-03-02T10:00:00Z") == [
        "london open until 2026-03-02T12:30:00+00:00 weekly hours"
    ]
    assert calendar.lines("is-open", london, "--at", "2026-12-25T10:00:00Z") == [
        "london closed until 2026-12-29T09:00:00+00:00 holiday: Christmas Day"
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("is-open", "--zone", "Europe/Lodnon"), "--zone: 'Europe/Lodnon' is no zone of tzdata"),
        (
            ("intervals", "--from", "2026-03-02T09:30:00Z", "--to", "2026-03-01T09:30:00Z"),
            "--to: a window ends after it starts, and 1100 days later at most",
        ),
    ],
)
def test_a_wrong_option_is_named(calendar: Command, london: str, options: tuple[str, ...], said: str) -> None:
    """As it was written, and not as the service calls what becomes of it."""
    command, *rest = options
    assert said in calendar.refusal(command, london, *rest)


def test_files_without_a_calendar_are_told(calendar: Command, tmp_path: Path) -> None:
    """A folder of policies is no answer of nothing."""
    (tmp_path / "p.yaml").write_text("kind: Policy\nkey: p", encoding="utf-8")
    assert calendar.refusal("is-open", str(tmp_path)) == f"meantime: {tmp_path}: holds no calendar"


def test_a_week_from_the_end_of_what_can_be_asked(calendar: Command, london: str) -> None:
    """An end that was not given is not held against anybody."""
    assert calendar.lines("intervals", london, "--from", "2099-12-29T12:00:00Z")[0].startswith(
        "london 2099-12-29"
    )


def test_a_misspelt_opt_out_is_told(calendar: Command, tmp_path: Path) -> None:
    """The answer comes as ever; the error stream names the file, the place and what was meant."""
    holidays = 'holidays: [{country: GB, subdivision: ENG, except: ["Boxing day", "Chrismas Day"]}]'
    later = "amendments: [{effective_from: '2027-01-01T00:00:00Z', parent: base, opt_out: [Fair]}]"
    (tmp_path / "desk.yaml").write_text(f"{DESK}{holidays}\n{later}", encoding="utf-8")
    (tmp_path / "base.yaml").write_text(DESK, encoding="utf-8")
    code, out, err = calendar.run("is-open", str(tmp_path), "--at", "2026-03-02T09:30:00Z", "--key", "desk")
    assert (code or 0, out.split()[:2]) == (0, ["desk", "open"])
    first, second = err.splitlines()
    place = f"advice: {tmp_path}/desk.yaml: "
    assert first.startswith(f"{place}holidays[0].except[1]: leaves nothing out: GB-ENG has no ")
    assert first.endswith("is 'Christmas Day' meant?")
    assert second == (
        f"{place}amendments[0].opt_out[0]: leaves nothing out: calendar base has no holiday 'Fair'"
    )


def test_next_opening_and_closing(calendar: Command, london: str) -> None:
    """While it is open, the next opening is the instant itself; times are those of the calendar's zone."""
    at = ("--at", "2026-07-06T12:00:00Z")
    assert calendar.lines("next-open", london, *at) == ["london 2026-07-06T13:30:00+01:00"]
    assert calendar.lines("next-close", london, *at) == ["london 2026-07-06T17:00:00+01:00"]
    open_at = ("--at", "2026-07-06T13:00:00Z", "--zone", "America/New_York")
    assert calendar.lines("next-open", london, *open_at) == ["london 2026-07-06T09:00:00-04:00"]


def test_elapsed_time_and_deadlines(calendar: Command, london: str) -> None:
    """Sums are exact, forward and back, in hours and in business days."""
    span = ("--from", "2026-03-02T09:00:00Z", "--to", "2026-03-03T10:00:00.000001Z")
    assert calendar.lines("elapsed", london, *span) == ["london 8h1us 1bd"]
    start = ("--from", "2026-03-02T16:00:00Z")
    assert calendar.lines("deadline", london, *start, "--for", "4h") == ["london 2026-03-03T12:00:00+00:00"]
    assert calendar.lines("deadline", london, *start, "--for=-4h") == ["london 2026-03-02T11:00:00+00:00"]
    assert calendar.answers("deadline", london, *start, "--for", "2bd") == [
        {"key": "london", "deadline": "2026-03-04T16:00:00Z"}
    ]


def test_intervals_and_segments(calendar: Command, london: str) -> None:
    """Intervals are the open time; segments leave no gap and say why."""
    window = ("--from", "2026-03-02T12:00:00Z", "--to", "2026-03-02T14:00:00Z")
    assert calendar.lines("intervals", london, *window) == [
        "london 2026-03-02T12:00:00+00:00 2026-03-02T12:30:00+00:00",
        "london 2026-03-02T13:30:00+00:00 2026-03-02T14:00:00+00:00",
    ]
    (answer,) = calendar.answers("segments", london, *window)
    assert answer["open_us"] == 3_600_000_000
    assert [(it["start"], it["is_open"]) for it in answer["segments"]] == [
        ("2026-03-02T12:00:00Z", True),
        ("2026-03-02T12:30:00Z", False),
        ("2026-03-02T13:30:00Z", True),
    ]


def test_families_are_asked_at_once(calendar: Command, family: str) -> None:
    """Inheritance, opting out and composition hold as in the service; `--key` asks one of them only."""
    answers = calendar.answers("is-open", family, "--at", WEDNESDAY_NIGHT)
    assert [(it["key"], it["is_open"], it["name"]) for it in answers] == [
        ("world", False, "Founders' day"),
        ("tokyo", True, None),
        ("sun", True, None),
    ]
    (one,) = calendar.answers("is-open", family, "--at", WEDNESDAY_NIGHT, "--key", "sun")
    assert one["key"] == "sun"


def test_holidays_of_ics_sources_stand_in_files_too(calendar: Command, tmp_path: Path) -> None:
    """An exported folder answers offline: the source's file holds what the calendar takes from it."""
    file = tmp_path / "desk.yaml"
    file.write_text(
        "kind: IcsSource\nkey: fairs\nholidays:\n"
        "- {date: 2026-03-04, name: Fair}\n- {date: 2026-03-05, name: X}\n"
        "---\nkind: Calendar\nkey: desk\nzone: UTC\nhours: {mon-fri: ['09:00-17:00']}\n"
        "holidays: [{ics: fairs, except: [X]}]\n",
        encoding="utf-8",
    )
    named = [
        calendar.answers("is-open", str(file), "--at", f"2026-03-0{day}T10:00:00Z")[0]["name"]
        for day in (3, 4, 5)
    ]
    assert named == [None, "Fair", None]


AMENDED = """
kind: Calendar
key: desk
zone: Europe/Berlin
hours: {mon-fri: ["09:00-17:00"]}
amendments:
- effective_from: 2026-03-09T00:00:00+01:00
  zone: Europe/Berlin
  hours: {mon-fri: ["09:00-13:00"]}
- effective_from: "2026-03-16T00:00:00+01:00"
  parent: london
  holidays: [{date: 2026-03-17, name: Move}]
---
kind: Calendar
key: london
zone: Europe/London
hours: {mon-fri: ["09:00-17:00"]}
---
kind: Calendar
key: both
intersection: [desk, london]
"""


def test_what_holds_later_is_counted_from_its_instant(calendar: Command, tmp_path: Path) -> None:
    """A sum over a file's amendments takes each stretch by what holds then, in what is made of it too."""
    file = tmp_path / "desk.yaml"
    file.write_text(AMENDED, encoding="utf-8")
    friday = ("--from", "2026-03-06T15:00:00Z")
    assert calendar.lines("deadline", str(file), *friday, "--for", "22h", "--key", "desk") == [
        "desk 2026-03-16T10:00:00+00:00"
    ]
    week = (*friday, "--to", "2026-03-18T00:00:00Z")
    answers = calendar.answers("elapsed", str(file), *week)
    assert [(it["key"], it["elapsed_us"] / 3_600_000_000) for it in answers] == [
        ("desk", 1 + 5 * 4 + 8),
        ("london", 2 + 7 * 8),
        ("both", 1 + 5 * 3 + 8),
    ]
    found = [
        calendar.answers("is-open", str(file), "--key", "desk", "--at", f"2026-03-{day}T15:00:00Z")[0]
        for day in ("06", "09", "16", "17")
    ]
    assert [(it["is_open"], it["name"]) for it in found] == [
        (True, None),
        (False, None),
        (True, None),
        (False, "Move"),
    ]
    (answer,) = calendar.answers("intervals", str(file), "--key", "desk", *week)
    assert len(answer["intervals"]) == 7


def test_without_an_instant_it_is_now(calendar: Command, london: str) -> None:
    """What is left out is now, and a week from it."""
    (answer,) = calendar.answers("segments", london)
    assert answer["segments"][-1]["end"] > answer["segments"][0]["start"]
    assert calendar.answers("is-open", london)[0]["at"] >= answer["segments"][0]["start"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("is-open", "--key", "rome"), "--key: no file describes a calendar 'rome'; there are: london"),
        (("is-open", "--at", "2026-03-02T10:00:00"), "--at: '2026-03-02T10:00:00' has no offset"),
        (("is-open", "--at", "noon"), "--at: 'noon' is no RFC 3339 instant"),
        (("is-open", "--at", "2126-03-02T10:00:00Z"), "lies outside of 1970 to 2099"),
        (("is-open", "--zone", "Mars/Olympus"), "Mars/Olympus"),
        (("deadline", "--from", WEDNESDAY_NIGHT, "--for", "soon"), "--for: 'soon' is no duration"),
        (("intervals", "--from", WEDNESDAY_NIGHT, "--to", "2020-01-01T00:00:00Z"), "ends after it starts"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    calendar: Command, london: str, arguments: tuple[str, ...], said: str
) -> None:
    """The line names the option and the reason."""
    command, *options = arguments
    assert said in calendar.refusal(command, london, *options)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zone: UTC\nhours: {mon: ['25:00-26:00']}", "bad.yaml: hours.mon[0]"),
        ("zone: Europe/Lutetia\nhours: {mon: ['09:00-10:00']}", "bad.yaml: zone"),
        ("zone: UTC\nhours: {}", "bad.yaml: never opens from 1970 to 2100"),
        ("parent: nobody", "bad.yaml: parent: names the calendar 'nobody': give its file too"),
        ("parent: bad", "parent: the calendar would be made of itself: bad → bad"),
        (
            "zone: UTC\nhours: {mon: ['09:00-10:00']}\nholidays: [{ics: fairs}]",
            "holidays of the ICS source 'fairs' that no file holds",
        ),
        (SEASONS_OVERLAP, "bad.yaml: seasons[1]"),
        (DESK + "amendments: soon", "amendments: is a list of documents"),
        (DESK + "amendments: [{parent: bad}]", "amendments[0]: is a document with effective_from"),
        (DESK + "amendments: [{effective_from: '2027-01-01'}]", "amendments[0].effective_from: '2027-01-01'"),
        (DESK + f"amendments: [{LATER}, {LATER}]", "amendments[1].effective_from: is not after 2027-01-01T"),
        (DESK + f"amendments: [{NEVER}]", "amendments[0]: never opens"),
        (DESK + f"amendments: [{NOBODY}]", "amendments[0].parent: names the calendar 'nobody'"),
        ("- a", "a mapping is needed at the top"),
    ],
)
def test_a_bad_file_is_refused_as_the_service_would(
    calendar: Command, tmp_path: Path, text: str, said: str
) -> None:
    """The line names the file, the path in it, and the reason."""
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    line = calendar.refusal("is-open", str(file))
    assert said in line
    assert "bad.yaml: " in line
