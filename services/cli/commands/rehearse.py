"""`meantime rehearse`: a policy or calendar tried on what a server has recorded; nothing is written."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.access import Access, find_access
from cli.document_files import read_document
from cli.errors import OptionError
from cli.graphql import open_gateway_client
from cli.rehearsing import Flip, Question, Rehearsal, rehearse
from cli.results import Format, percentage
from cli.runtime import DATA_DIRECTORY
from money import Money, currency

__all__ = ["CANCELLED_EXIT", "app", "rehearse_policy"]

CANCELLED_EXIT = 130
"""The exit code of a run that was ended with Ctrl-C; what it had found until then is printed."""

MAX_FLIPS = 20

app = typer.Typer(add_completion=False)


@app.command()
def rehearse_policy(
    *,
    policy: Annotated[
        str, typer.Option(help="The key of the policy that is held against.", show_default=False)
    ],
    document: Annotated[
        Path | None,
        typer.Argument(
            help="A policy document to try; without one, the policy as it is.", show_default=False
        ),
    ] = None,
    calendar: Annotated[
        str | None,
        typer.Option(help="KEY=FILE: a calendar document in place of what it says.", show_default=False),
    ] = None,
    agreement: Annotated[
        str | None, typer.Option(help="Compute its money, too; needs --period.", show_default=False)
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Count what falls into it, as 2026-02.", show_default=False)
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.TABLE,
    url: Annotated[str | None, typer.Option(help="The gateway's GraphQL.", show_default=False)] = None,
    token: Annotated[
        str | None, typer.Option(help="An API key with the scope policies; billing for money.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The data directory of `meantime up`.")] = DATA_DIRECTORY,
) -> None:
    """Try a policy or a calendar on recorded events: attainment, flips, and money. Ctrl-C cancels."""
    question = Question(
        policy_key=policy,
        document=None if document is None else read_document(document),
        calendar=None if calendar is None else proposed(calendar),
        agreement_key=agreement,
        period=period,
    )
    access = find_access(tenant=None, url=url, token=token, data=data, environ=os.environ)
    rehearsal, shown = Rehearsal(), list[Flip]()
    try:
        asyncio.run(drive(access, question, rehearsal, shown, output))
    except KeyboardInterrupt:
        typer.echo(f"cancelled after {rehearsal.subjects:,} of {rehearsal.total:,} subjects", err=True)
    report(rehearsal, shown, output)
    if not rehearsal.done:
        raise typer.Exit(CANCELLED_EXIT)


def proposed(argument: str) -> Mapping[str, Any]:
    """Read `KEY=FILE`. Raises OptionError, DocumentError."""
    key, separator, name = argument.partition("=")
    if not separator:
        raise OptionError("--calendar: KEY=FILE is needed", field="--calendar")
    return {"key": key, "document": read_document(Path(name))}


async def drive(
    access: Access, question: Question, rehearsal: Rehearsal, shown: list[Flip], output: Format
) -> None:
    """Ask page after page; flips are printed as they come, or the first of them kept."""
    async with open_gateway_client(access) as client:
        with progress(rehearsal) as advance:
            async for flips in rehearse(client, question, rehearsal):
                advance()
                if output is Format.JSON:
                    write_lines(flips)
                else:
                    shown.extend(flips[: MAX_FLIPS - len(shown)])


@contextmanager
def progress(rehearsal: Rehearsal) -> Iterator[Any]:
    """Show on the error stream how many Subjects were tried."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("subjects", total=None)
        yield lambda: bar.update(task, total=rehearsal.total, completed=rehearsal.subjects)


def write_lines(flips: tuple[Flip, ...]) -> None:
    """Write flips as lines of JSON."""
    for each in flips:
        typer.echo(msgspec.json.encode(each).decode())


def report(rehearsal: Rehearsal, shown: list[Flip], output: Format) -> None:
    """Print what was found, all of it or until it was cancelled; advice goes to the error stream."""
    for line in rehearsal.advice:
        typer.echo(f"advice: {line}", err=True)
    if output is Format.JSON:
        typer.echo(msgspec.json.encode(summary(rehearsal), order="deterministic").decode())
        return
    console = Console(file=sys.stdout)
    console.print(attainment(rehearsal))
    if shown:
        console.print(flip_table(shown))
    console.print(f"{rehearsal.flips:,} cycles would have another outcome.")
    if rehearsal.money is not None:
        before, after = (
            Money(currency=currency(rehearsal.money.currency), minor=minor)
            for minor in (rehearsal.money.before_minor, rehearsal.money.after_minor)
        )
        console.print(f"The period costs {before}, and would cost {after}.")


def summary(rehearsal: Rehearsal) -> dict[str, Any]:
    """Write the counts of both sides down."""
    return {
        "subjects": rehearsal.subjects,
        "events": rehearsal.events,
        "complete": rehearsal.done,
        "flips": rehearsal.flips,
        "money": rehearsal.money,
        "targets": [
            {
                "metric": metric,
                "target": target,
                "before": {name: rehearsal.before[metric, target, name] for name in ("met", "breached")},
                "after": {name: rehearsal.after[metric, target, name] for name in ("met", "breached")},
            }
            for metric, target in targets(rehearsal)
        ],
    }


def targets(rehearsal: Rehearsal) -> list[tuple[str, str]]:
    """List what was counted, in order of metric and target."""
    return sorted({(metric, target) for metric, target, _ in (*rehearsal.before, *rehearsal.after)})


def attainment(rehearsal: Rehearsal) -> Table:
    """Put attainment as it happened beside what it would have been."""
    table = Table(title="Attainment, as it happened and as it would have been")
    table.add_column("Target", overflow="fold")
    for name in ("Met", "Breached", "Attained", "Would\nbe met", "Breached", "Attained"):
        table.add_column(name, justify="right")
    for metric, target in targets(rehearsal):
        cells: list[str] = []
        for side in (rehearsal.before, rehearsal.after):
            met, breached = side[metric, target, "met"], side[metric, target, "breached"]
            cells += [f"{met:,}", f"{breached:,}", percentage(met, met + breached)]
        table.add_row(f"{metric} {target}", *cells)
    return table


def flip_table(flips: list[Flip]) -> Table:
    """List flips."""
    table = Table(title="Flips (UTC)")
    table.add_column("Subject", overflow="fold", ratio=1, min_width=10)
    table.add_column("Metric", overflow="fold")
    for name in ("Was", "Would be", "Due", "Would be due"):
        table.add_column(name)
    for each in flips:
        dues = (minute(due) for due in (each.due_before, each.due_after))
        outcomes = (outcome or "-" for outcome in (each.outcome_before, each.outcome_after))
        table.add_row(each.subject_id, f"{each.metric} ({each.cycle})", *outcomes, *dues)
    return table


def minute(instant: str | None) -> str:
    """Show an instant in UTC, its seconds cut off."""
    return "-" if instant is None else f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M}"
