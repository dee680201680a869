"""`meantime export`: a tenant's calendars, policies and agreements as files, for git or another tenant."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.access import Access, find_access
from cli.app import utc_now
from cli.exporting import export_manifests, left_over, write_manifests
from cli.graphql import open_gateway_client
from cli.runtime import DATA_DIRECTORY

__all__ = ["app", "export"]

app = typer.Typer(add_completion=False)


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if missing.", show_default=False)],
    tenant: Annotated[
        str | None,
        typer.Option(help="Whose documents they are; the token must be theirs.", show_default=False),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="The gateway's GraphQL; default: that of the running `meantime up`.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="An API key with scope read; better in MEANTIME_TOKEN.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The data directory of `meantime up`.")] = DATA_DIRECTORY,
) -> None:
    """Write the latest version of every document as a YAML file that `meantime apply` takes.

    A calendar's file says what holds now, and under `amendments` what holds later. Applied to an empty tenant
    and exported from there, the files are the same, byte for byte.
    """
    access = find_access(tenant=tenant, url=url, token=token, data=data, environ=os.environ)
    written = asyncio.run(_export(access, folder))
    typer.echo(f"{len(written)} files in {folder}")
    for path in left_over(folder, written):
        typer.echo(f"{path} is of an earlier export; there is no such document now", err=True)


async def _export(access: Access, folder: Path) -> list[Path]:
    async with open_gateway_client(access) as client:
        return write_manifests(folder, await export_manifests(client, now=utc_now()))
