"""`meantime token`: an API key for a tenant."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.app import utc_now
from cli.errors import OptionError
from cli.provision import issue_token
from cli.runtime import DATA_DIRECTORY, database_url
from serving.context import SCOPES

__all__ = ["app", "token"]

app = typer.Typer(add_completion=False)


@app.command()
def token(
    tenant: Annotated[str, typer.Option(help="The tenant's id; it is made if it is new.")],
    scopes: Annotated[
        str,
        typer.Option(
            help="What the key may do, separated by commas: read (all questions), ingest (events and manual"
            " actions), calendars, policies, agreements (to save and change them), billing (assessments and"
            " Statements), admin (webhooks)."
        ),
    ] = "read",
    name: Annotated[str, typer.Option(help="What the key is called in lists and audits.")] = "meantime token",
    data: Annotated[
        Path, typer.Option(help="The data directory of a running `meantime up`; DATABASE_URL comes first.")
    ] = DATA_DIRECTORY,
) -> None:
    """Make an API key and print it, this once: only its hash is kept."""
    wanted = {scope.strip() for scope in scopes.split(",") if scope.strip()}
    if unknown := sorted(wanted - SCOPES) or not wanted:
        named = unknown[0] if isinstance(unknown, list) else "none"
        raise OptionError(f"--scopes: {named} is not one of {', '.join(sorted(SCOPES))}", field="--scopes")
    typer.echo(
        asyncio.run(
            issue_token(database_url(data), tenant_id=tenant, scopes=wanted, name=name, now=utc_now())
        )
    )
