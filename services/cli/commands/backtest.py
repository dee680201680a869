"""`meantime backtest`: a policy tried on recorded events, without any server; nothing is written."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from businesstime import to_us
from cli.backtest_report import print_tables, report_lines
from cli.backtesting import (
    Log,
    compile_calendars,
    default_zone,
    is_json_lines,
    read_calendars,
    read_policy,
    try_policy,
)
from cli.errors import OptionError
from cli.results import Format
from cli.zones import read_zone

__all__ = ["app", "backtest"]

app = typer.Typer(add_completion=False)


@app.command()
def backtest(
    policy: Annotated[Path, typer.Argument(help="A policy document, YAML or JSON.", show_default=False)],
    events: Annotated[
        Path,
        typer.Argument(
            help="Recorded events: a ServiceNow export (.csv) or JSON lines (.jsonl); also .gz.",
            show_default=False,
        ),
    ],
    calendar: Annotated[
        list[str],
        typer.Option(
            help="A schedule document for the policy's default calendar; KEY=FILE for another one.",
            show_default=False,
        ),
    ],
    timezone: Annotated[
        str | None,
        typer.Option(
            help="The zone of the export's wall times; by default that of the default calendar.",
            callback=lambda name: read_zone(name, "--timezone"),
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Read at this instant (RFC 3339), by what was known then; default: the last event's."
        ),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.TABLE,
) -> None:
    """Try a policy on recorded events: attainment by target, and what would have been breached."""
    rules = read_policy(policy)
    documents = read_calendars(calendar, rules)
    timelines = compile_calendars(documents)
    as_of_us = None if as_of is None else instant_us(as_of)
    zone = None if is_json_lines(events) else timezone or default_zone(documents, rules)
    log = Log(events, zone=zone, attributes=rules.reads)
    cycles = try_policy(rules, timelines, log, as_of_us=as_of_us)
    with no_collection(), reported(log):
        if output is Format.JSON:
            sys.stdout.buffer.writelines(line + b"\n" for line in report_lines(cycles))
        else:
            print_tables(cycles, Console())
    if zone is not None and timezone is None:
        typer.echo(f"wall times are read in {zone}, the calendar's; --timezone names another", err=True)


@contextmanager
def no_collection() -> Iterator[None]:
    """Do without the collector of cycles: a run makes very many small values, and no cycles of them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def instant_us(text: str) -> int:
    """Read an instant of the command line. Raises OptionError."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise OptionError(f"--as-of: {text!r} is no RFC 3339 instant", field="--as-of") from None
    if instant.tzinfo is None:
        raise OptionError(f"--as-of: {text!r} has no offset; write Z for UTC", field="--as-of")
    return to_us(instant)


@contextmanager
def reported(log: Log) -> Iterator[None]:
    """Say on the error stream, at the end, which rows gave no event, and how many in all."""
    try:
        yield
    finally:
        for row in log.first_bad_rows():
            typer.echo(f"line {row.line}: {row.reason}", err=True)
        if log.bad_rows:
            typer.echo(f"{log.bad_rows:,} rows left out", err=True)
