"""`meantime migrate`: bring a database up to date."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.runtime import DATA_DIRECTORY, database_url
from cli.tracks import migrate_all

__all__ = ["app", "migrate"]

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    data: Annotated[
        Path, typer.Option(help="The data directory of a running `meantime up`; DATABASE_URL comes first.")
    ] = DATA_DIRECTORY,
) -> None:
    """Apply the migrations that the database of DATABASE_URL lacks."""
    applied = asyncio.run(migrate_all(database_url(data)))
    for migration in applied:
        typer.echo(f"applied {migration}")
    typer.echo(
        f"{len(applied)} migrations applied" if applied else "nothing to apply: the database is current"
    )
