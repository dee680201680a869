"""`meantime up`: everything on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.app import utc_now
from cli.display import Display
from cli.ports import FIRST_PORT
from cli.runtime import DATA_DIRECTORY
from cli.stack import UpOptions, run_up

__all__ = ["app", "up"]

app = typer.Typer(add_completion=False)


@app.command()
def up(
    *,
    split: Annotated[
        bool, typer.Option("--split", help="Run each service in a process of its own, reached by HTTP.")
    ] = False,
    port: Annotated[
        int, typer.Option(envvar="MEANTIME_GATEWAY_PORT", help="The gateway's port; the others follow it.")
    ] = FIRST_PORT,
    data: Annotated[
        Path, typer.Option(help="Where the embedded servers keep their data between runs.")
    ] = DATA_DIRECTORY,
) -> None:
    """Run PostgreSQL, Valkey, all services and the worker, and say where to go.

    Where DATABASE_URL or REDIS_URL is set, that server is used instead of an embedded one.
    """
    options = UpOptions(split=split, first_port=port, data=data.resolve(), environ=os.environ)
    run_up(options, Display(), utc_now)
