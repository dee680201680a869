"""`meantime apply`: calendars, policies and agreements from files, for those who keep them in git."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.access import Access, find_access
from cli.applying import apply_manifests
from cli.graphql import open_gateway_client
from cli.manifest import Manifest, read_manifests
from cli.runtime import DATA_DIRECTORY

__all__ = ["app", "apply"]

app = typer.Typer(add_completion=False)


@app.command()
def apply(
    file: Annotated[
        list[Path],
        typer.Option(
            "--file",
            "-f",
            help="A YAML or JSON file, or a folder of them; may be given again.",
            show_default=False,
        ),
    ],
    tenant: Annotated[
        str | None,
        typer.Option(help="Whose documents they are; the token must be theirs.", show_default=False),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The gateway's GraphQL; default: that of the running `meantime up`.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(help="An API key with the scopes of what is applied; better in MEANTIME_TOKEN."),
    ] = None,
    data: Annotated[Path, typer.Option(help="The data directory of `meantime up`.")] = DATA_DIRECTORY,
) -> None:
    """Make or amend calendars, policies and agreements so that they say what the files say.

    A document names its `kind` (Calendar, Policy, Agreement) and its `key`. What is equal is left alone.
    """
    manifests = read_manifests(file)
    access = find_access(tenant=tenant, url=url, token=token, data=data, environ=os.environ)
    asyncio.run(_apply(access, manifests))


async def _apply(access: Access, manifests: Sequence[Manifest]) -> None:
    async with open_gateway_client(access) as client:
        async for applied in apply_manifests(client, manifests):
            typer.echo(str(applied))
