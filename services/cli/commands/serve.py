"""`meantime serve`: some of the services, in one process."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.app import utc_now
from cli.ports import FIRST_PORT, HOST
from cli.serving_process import TARGETS, ServeOptions, run_serve

__all__ = ["app", "serve"]

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help=f"{', '.join(TARGETS)} or all.")],
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = HOST,
    port: Annotated[
        int, typer.Option(envvar="MEANTIME_GATEWAY_PORT", help="The gateway's port; the others follow it.")
    ] = FIRST_PORT,
) -> None:
    """Run services of DATABASE_URL and REDIS_URL in this process, for as long as it lives.

    A service that is not named is run along where one that is named needs it, unless CALENDARS_URL,
    CLOCKS_URL or CREDITS_URL says where it is.
    """
    run_serve(ServeOptions(targets=targets, host=host, first_port=port, environ=os.environ), utc_now)
