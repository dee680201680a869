"""`meantime import servicenow`: ServiceNow's audit of incidents, through the gateway."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.access import Access, find_access
from cli.checkpoint import Checkpoint, hash_input
from cli.events import BadRow, EventRow, open_export
from cli.graphql import open_gateway_client
from cli.import_report import rejected_rows, write_report
from cli.importing import BATCH, LANES, Tally, send_rows
from cli.runtime import DATA_DIRECTORY
from cli.servicenow import read_servicenow
from cli.zones import read_zone

__all__ = ["REJECTED_EXIT", "servicenow"]

REJECTED_EXIT = 3
"""The exit code of an import that is done, but for rows that could not be taken."""

_SHOWN = 10
_CHUNK_BYTES = 1 << 20


def servicenow(
    *,
    file: Annotated[
        Path,
        typer.Argument(help="The export, as CSV with one row an update; also .csv.gz.", show_default=False),
    ],
    timezone: Annotated[
        str,
        typer.Option(
            help="The zone of the export's wall times, as America/Sao_Paulo.",
            show_default=False,
            callback=lambda name: read_zone(name, "--timezone"),
        ),
    ],
    tenant: Annotated[
        str | None, typer.Option(help="Whose events they are; the token must be theirs.", show_default=False)
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The gateway's GraphQL; default: that of the running `meantime up`.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="An API key with the scopes read and ingest; better in MEANTIME_TOKEN.")
    ] = None,
    bad_rows: Annotated[
        Path | None, typer.Option(help="Write every row that was not taken to this CSV, with the reason.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Send everything, also what a run that was cut off had sent.")
    ] = False,
    data: Annotated[
        Path,
        typer.Option(help="The data directory of `meantime up`; the import's progress is kept there too."),
    ] = DATA_DIRECTORY,
) -> None:
    """Import ServiceNow's audit of incidents: each row is one state of one incident after one update.

    What is there already is counted and changes nothing; an import that was cut off goes on. The exit code
    is 0 when every row was taken, 3 when all others were.
    """
    access = find_access(tenant=tenant, url=url, token=token, data=data, environ=os.environ)
    tally = asyncio.run(_import(file, timezone, access, data=data, restart=restart))
    if bad_rows is not None:
        write_report(bad_rows, tally)
    if _tell(tally, bad_rows):
        raise typer.Exit(REJECTED_EXIT)


async def _import(file: Path, zone: str, access: Access, *, data: Path, restart: bool) -> Tally:
    total = _count_lines(file) - 1
    rows = _begun(read_servicenow(file, zone=zone))
    async with open_gateway_client(access) as client:
        input_hash = hash_input(file, access.url, client.tenant, zone, str(BATCH), str(LANES))
        checkpoint = Checkpoint.for_input(data, input_hash)
        if restart:
            checkpoint.remove()
        with checkpoint, _progress() as bar:
            task = bar.add_task("rows", total=total)
            tally = await send_rows(
                rows, client, checkpoint, progress=lambda so_far: bar.update(task, completed=so_far.rows)
            )
    checkpoint.remove()
    return tally


def _begun(rows: Iterator[EventRow | BadRow]) -> Iterator[EventRow | BadRow]:
    """Read the first row now, so that a file which is no export is told before anybody is asked."""
    first = list(islice(rows, 1))
    return chain(first, rows)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def _count_lines(file: Path) -> int:
    """Count the lines, for the progress bar alone: a row with a line break inside counts as two."""
    lines = 0
    with open_export(file) as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            lines += chunk.count(b"\n")
    return lines


def _tell(tally: Tally, report: Path | None) -> int:
    """Print what became of the rows, and answer how many were not taken."""
    rejected = rejected_rows(tally)
    typer.echo(
        f"{tally.rows:,} rows: {tally.accepted:,} events accepted, {tally.duplicates:,} there already,"
        f" {len(rejected):,} rows not taken"
    )
    if tally.resumed:
        typer.echo(f"{tally.resumed:,} of them had been sent by an earlier run that was cut off")
    for row in rejected[:_SHOWN]:
        typer.secho(f"line {row.line}: {row.reason} ({row.code})", err=True, fg="yellow")
    if len(rejected) > _SHOWN:
        where = f"all of them stand in {report}" if report else "--bad-rows FILE lists them all"
        typer.secho(f"and {len(rejected) - _SHOWN:,} more: {where}", err=True, fg="yellow")
    return len(rejected)
