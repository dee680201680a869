"""`meantime demo`: invented work of three desks, into a tenant or into files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.access import Access, find_access
from cli.app import utc_now
from cli.applying import apply_manifests
from cli.checkpoint import Checkpoint
from cli.demo_documents import demo_manifests
from cli.demo_events import demo_events
from cli.demo_export import EXPORT_ZONE, write_files
from cli.demo_story import Ticket, tell
from cli.errors import OptionError
from cli.graphql import open_gateway_client
from cli.importing import Tally, send_rows
from cli.runtime import DATA_DIRECTORY

__all__ = ["app", "demo"]

app = typer.Typer(add_completion=False)

_MONTHS = 3


@app.command()
def demo(
    write: Annotated[
        Path | None,
        typer.Option(help="Write files for `import`, `apply` and `backtest` into this folder instead."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Another seed, another story; the same seed, the same story.")
    ] = 1,
    until: Annotated[
        str | None,
        typer.Option(help="Tell what happened before this date; default: up to now.", metavar="YYYY-MM-DD"),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="The tenant; default: that of `meantime up`.")] = None,
    url: Annotated[
        str | None, typer.Option(help="The gateway's GraphQL; default: that of the running `meantime up`.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="An API key with all scopes; better in MEANTIME_TOKEN.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The data directory of `meantime up`.")] = DATA_DIRECTORY,
) -> None:
    """Fill a tenant with three desks' calendars, a policy, an agreement, and three months of tickets or more.

    The story begins with a month, so that at least three whole months can be closed, and goes on until now,
    so that some clocks are running. What is there already changes nothing.
    """
    end = utc_now() if until is None else _midnight(until)
    tickets = tell(seed=seed, first=_first_day(end.date()), last=end.date())
    if write is not None:
        _write(write, tickets, end)
        return
    access = find_access(tenant=tenant, url=url, token=token, data=data, environ=os.environ)
    asyncio.run(_fill(access, tickets, end, data / "imports" / f"demo-{seed}.jsonl"))


def _write(folder: Path, tickets: Iterator[Ticket], end: datetime) -> None:
    desk = (ticket for ticket in tickets if ticket.region == "sao-paulo")
    try:
        written = write_files(folder, desk, until=end)
    except OSError as error:
        raise OptionError(
            f"--write: {folder} cannot be written ({error.strerror})", field="--write"
        ) from None
    for path in written:
        typer.echo(f"wrote {path}")
    typer.echo(f"The export's times are those of {EXPORT_ZONE}.")


async def _fill(access: Access, tickets: Iterator[Ticket], end: datetime, record: Path) -> None:
    checkpoint = Checkpoint(record)
    checkpoint.remove()
    async with open_gateway_client(access) as client:
        async for applied in apply_manifests(client, demo_manifests()):
            typer.echo(str(applied))
        with checkpoint:
            tally = await send_rows(demo_events(tickets, until=end), client, checkpoint)
    checkpoint.remove()
    _tell(tally, end.date())


def _tell(tally: Tally, today: date) -> None:
    typer.echo(f"{tally.accepted:,} events accepted, {tally.duplicates:,} there already")
    for refused in tally.refused[:3]:
        typer.secho(f"{refused.event_id}: {refused.message} ({refused.code})", err=True, fg="yellow")
    month = (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    typer.echo(
        f'Ask what is owed: {{ assessment(agreementKey: "acme", period: "{month}") {{ amountMinor }} }}'
    )
    if tally.refused:
        raise typer.Exit(1)


def _first_day(end: date) -> date:
    """Find the first day of the month three months before."""
    months = end.year * 12 + end.month - 1 - _MONTHS
    return date(months // 12, months % 12 + 1, 1)


def _midnight(text: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{text}T00:00:00+00:00")
    except ValueError:
        raise OptionError(f"--until: {text!r} is no date such as 2026-04-01", field="--until") from None
