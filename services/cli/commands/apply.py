"""`meantime apply`: calendars, policies and agreements from files, for those who keep them in git."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.access import Access, find_access
from cli.applying import Applied, apply_manifests, plan_manifests
from cli.applying_calendars import CalendarTerms
from cli.errors import OptionError
from cli.graphql import open_gateway_client
from cli.instant import read_instant
from cli.manifest import Manifest, read_manifests
from cli.runtime import DATA_DIRECTORY

__all__ = ["app", "apply"]

app = typer.Typer(add_completion=False)

Files = Annotated[
    list[Path],
    typer.Option(
        "--file",
        "-f",
        help="A YAML or JSON file, or a folder of them; may be given again.",
        show_default=False,
    ),
]
PlanToken = Annotated[
    str | None,
    typer.Option(
        help="Of a --plan of the same files: apply its calendars exactly, or not at all.", show_default=False
    ),
]


@app.command()
def apply(
    *,
    file: Files,
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
    plan: Annotated[
        bool, typer.Option("--plan", help="Only show what would be done; write nothing.")
    ] = False,
    plan_token: PlanToken = None,
    effective_from: Annotated[
        str | None,
        typer.Option(help="From when on calendars are amended, RFC 3339; default: now.", show_default=False),
    ] = None,
    restate: Annotated[
        bool, typer.Option("--restate", help="Put the past of calendars right, from --effective-from on.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option(help="Why calendars are amended; --restate needs one.", show_default=False),
    ] = None,
) -> None:
    """Make or amend calendars, policies and agreements so that they say what the files say.

    A document names its `kind` (IcsSource, Calendar, DefaultCalendar, Policy, Agreement) and its `key`. What
    is equal is left alone. Of the ICS sources and calendars all are applied, or none.
    """
    if plan and plan_token is not None:
        raise OptionError("--plan-token: applies a plan, --plan makes one", field="--plan-token")
    manifests = read_manifests(file)
    instant = None if effective_from is None else read_instant(effective_from, "--effective-from")
    terms = CalendarTerms(restate=restate, effective_from=instant, reason=reason, plan_token=plan_token)
    access = find_access(tenant=tenant, url=url, token=token, data=data, environ=os.environ)
    asyncio.run(_apply(access, manifests, terms, plan=plan))


async def _apply(access: Access, manifests: Sequence[Manifest], terms: CalendarTerms, *, plan: bool) -> None:
    async with open_gateway_client(access) as client:
        if not plan:
            async for applied in apply_manifests(client, manifests, terms=terms):
                typer.echo(str(applied))
                _advise(applied)
            return
        async for told in plan_manifests(client, manifests, terms=terms):
            typer.echo(str(told))
            if isinstance(told, Applied):
                for line in told.details:
                    typer.echo(f"  {line}")
                _advise(told)


def _advise(applied: Applied) -> None:
    """Say on the error stream what in a file has no effect."""
    for line in applied.advice:
        typer.echo(f"advice: {line}", err=True)
