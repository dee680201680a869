"""`meantime calendar`: date maths over calendars in files, by the service's own rules, without any server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from businesstime import Timeline, from_us, to_us
from calendars.contract import (
    DeadlineQuestion,
    ElapsedQuestion,
    StateAnswer,
    WindowAnswer,
    WindowQuestion,
)
from calendars.domain.answer import deadline_for, elapsed_in, read_duration, read_window, state_at, window_of
from calendars.domain.document import CalendarKey
from cli.app import utc_now
from cli.calendar_display import (
    Format,
    deadline_rows,
    elapsed_rows,
    interval_rows,
    next_close_rows,
    next_open_rows,
    print_answers,
    segment_rows,
    state_rows,
)
from cli.calendar_files import read_timelines
from cli.instant import read_instant
from cli.zones import read_zone

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Ask calendars in files about time. A file that says no `kind` is a calendar named for the file.",
)

VERSION = 0
"""A file has no version."""

WEEK = timedelta(days=7)

Files = Annotated[
    list[Path],
    typer.Argument(help="YAML or JSON files, or folders of them, also of what they are made of."),
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="Ask this one of the calendars only; may be given again.", show_default=False),
]
At = Annotated[
    str | None,
    typer.Option("--at", help="An instant, RFC 3339 with offset; default: now.", show_default=False),
]
Output = Annotated[
    Format, typer.Option("--format", help="How to print: lines, or one JSON object a calendar.")
]
Zone = Annotated[
    str | None,
    typer.Option(
        "--zone",
        help="The zone of printed times; default: each calendar's.",
        callback=lambda name: read_zone(name, "--zone"),
    ),
]
Start = Annotated[str, typer.Option("--from", help="An instant, RFC 3339 with offset.", show_default=False)]
End = Annotated[str, typer.Option("--to", help="An instant, RFC 3339 with offset.", show_default=False)]
MaybeStart = Annotated[str | None, typer.Option("--from", help="The window's start; default: now.")]
MaybeEnd = Annotated[str | None, typer.Option("--to", help="The window's end; default: a week later.")]


@app.command("is-open")
def is_open(
    files: Files, keys: Keys = None, at: At = None, output: Output = Format.TEXT, zone: Zone = None
) -> None:
    """Say whether it is open, until when, and why."""
    timelines, answers = ask_states(files, keys, at)
    print_answers(answers, state_rows, timelines=timelines, output=output, zone_name=zone)


@app.command("next-open")
def next_open(
    files: Files, keys: Keys = None, at: At = None, output: Output = Format.TEXT, zone: Zone = None
) -> None:
    """Find the first open instant at or after an instant."""
    timelines, answers = ask_states(files, keys, at)
    print_answers(answers, next_open_rows, timelines=timelines, output=output, zone_name=zone)


@app.command("next-close")
def next_close(
    files: Files, keys: Keys = None, at: At = None, output: Output = Format.TEXT, zone: Zone = None
) -> None:
    """Find the first closing after an instant."""
    timelines, answers = ask_states(files, keys, at)
    print_answers(answers, next_close_rows, timelines=timelines, output=output, zone_name=zone)


@app.command()
def elapsed(
    files: Files, start: Start, end: End, keys: Keys = None, output: Output = Format.TEXT, zone: Zone = None
) -> None:
    """Sum the open time between two instants, and count business days."""
    begins, ends = read_instant(start, "--from"), read_instant(end, "--to")
    timelines = compiled(files, keys, utc_now())
    answers = {
        key: elapsed_in(line, ElapsedQuestion(key=key, start=begins, end=ends), version=VERSION)
        for key, line in timelines.items()
    }
    print_answers(answers, elapsed_rows, timelines=timelines, output=output, zone_name=zone)


@app.command()
def deadline(
    files: Files,
    start: Start,
    duration: Annotated[
        str, typer.Option("--for", help="4h, 90m, PT4H or 2bd; -4h goes back.", show_default=False)
    ],
    keys: Keys = None,
    output: Output = Format.TEXT,
    zone: Zone = None,
) -> None:
    """Find when a duration of open time, or business days, has passed."""
    begins = read_instant(start, "--from")
    read_duration(duration, field="--for")
    timelines = compiled(files, keys, utc_now())
    answers = {
        key: deadline_for(
            line,
            DeadlineQuestion(key=key, start=begins, duration=duration),
            version=VERSION,
            field="--for",
        )
        for key, line in timelines.items()
    }
    print_answers(answers, deadline_rows, timelines=timelines, output=output, zone_name=zone)


@app.command()
def intervals(
    files: Files,
    start: MaybeStart = None,
    end: MaybeEnd = None,
    keys: Keys = None,
    output: Output = Format.TEXT,
    zone: Zone = None,
) -> None:
    """List the open time in a window."""
    timelines, answers = ask_windows(files, keys, start, end)
    print_answers(
        answers, interval_rows, timelines=timelines, output=output, zone_name=zone, leave_out="segments"
    )


@app.command()
def segments(
    files: Files,
    start: MaybeStart = None,
    end: MaybeEnd = None,
    keys: Keys = None,
    output: Output = Format.TEXT,
    zone: Zone = None,
) -> None:
    """Take a window apart, open and closed, without a gap and with reasons."""
    timelines, answers = ask_windows(files, keys, start, end)
    print_answers(
        answers, segment_rows, timelines=timelines, output=output, zone_name=zone, leave_out="intervals"
    )


def ask_states(
    files: list[Path], keys: list[str] | None, at: str | None
) -> tuple[Mapping[CalendarKey, Timeline], Mapping[CalendarKey, StateAnswer]]:
    """Ask each Calendar how it stands at an instant."""
    now = whole_second(utc_now())
    instant = now if at is None else read_instant(at, "--at")
    timelines = compiled(files, keys, now)
    return timelines, {
        key: state_at(line, key=key, version=VERSION, at=instant) for key, line in timelines.items()
    }


def ask_windows(
    files: list[Path], keys: list[str] | None, start: str | None, end: str | None
) -> tuple[Mapping[CalendarKey, Timeline], Mapping[CalendarKey, WindowAnswer]]:
    """Take a window apart for each Calendar."""
    now = whole_second(utc_now())
    begins = now if start is None else read_instant(start, "--from")
    ends = begins + WEEK
    if end is not None:
        begins, ends = read_window(begins, read_instant(end, "--to"), fields=("--from", "--to"))
    timelines = compiled(files, keys, now)
    return timelines, {
        key: window_of(line, WindowQuestion(key=key, start=begins, end=ends), version=VERSION)
        for key, line in timelines.items()
    }


def compiled(files: list[Path], keys: list[str] | None, now: datetime) -> Mapping[CalendarKey, Timeline]:
    """Compile the Calendars of files; advice on them goes to the error stream."""
    return read_timelines(
        files, keys=keys or (), now=now, tell=lambda line: typer.echo(f"advice: {line}", err=True)
    )


def whole_second(instant: datetime) -> datetime:
    """Leave the fraction of a second away."""
    return from_us(to_us(instant) // 1_000_000 * 1_000_000)
