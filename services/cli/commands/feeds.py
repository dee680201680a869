"""`meantime feeds`: what services could not take from one another's feeds, and who follows them."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Annotated

import typer

from cli import feeds
from cli.runtime import DATA_DIRECTORY, database_url
from pgstore.holding import HeldMessage

__all__ = ["app"]

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="See and mend what services take from one another."
)

Data = Annotated[
    Path, typer.Option(help="The data directory of a running `meantime up`; DATABASE_URL comes first.")
]
Service = Annotated[str, typer.Argument(help="The service that follows: the first word of a line of `held`.")]


@app.command()
def held(data: Data = DATA_DIRECTORY) -> None:
    """List messages that could not be handled: those that are tried again, and those that are set aside."""
    found = asyncio.run(feeds.list_held(database_url(data)))
    for service, messages in found.items():
        for message in messages:
            typer.echo(f"{service} {_line(message)}")
    waiting = [it for messages in found.values() for it in messages if it.set_aside_at is None]
    total = sum(map(len, found.values()))
    typer.echo(f"{total - len(waiting)} set aside, {len(waiting)} waiting to be tried again")


@app.command()
def replay(
    service: Service,
    feed: Annotated[str, typer.Argument(help="Whose messages: the second word of a line of `held`.")],
    message: Annotated[
        uuid.UUID | None, typer.Option(help="One message; all that are set aside if left out.")
    ] = None,
    data: Data = DATA_DIRECTORY,
) -> None:
    """Have what is set aside of a feed tried again, within seconds; what fails again stays in the list."""
    asked = asyncio.run(feeds.replay(database_url(data), service, feed, message))
    typer.echo(f"{asked} messages will be tried again")


@app.command()
def followers(data: Data = DATA_DIRECTORY) -> None:
    """List who follows each service's feed, and when it last came further: what it has not seen is kept."""
    for service, found in asyncio.run(feeds.list_followers(database_url(data))).items():
        for each in found:
            typer.echo(f"{service} {each.follower} {each.moved_at.isoformat(timespec='seconds')}")


@app.command()
def forget(
    service: Annotated[str, typer.Argument(help="Whose feed: the first word of a line of `followers`.")],
    follower: Annotated[str, typer.Argument(help="Who follows: the second word of a line of `followers`.")],
    data: Data = DATA_DIRECTORY,
) -> None:
    """Keep nothing for a follower that is gone for good, so that old messages can be trimmed again."""
    asyncio.run(feeds.forget_follower(database_url(data), service, follower))
    typer.echo(f"nothing of {service} is kept for {follower} any more")


def _line(message: HeldMessage) -> str:
    if message.replay_asked_at is not None:
        state = "set aside, to be tried again"
    elif message.set_aside_at is not None:
        state = f"set aside {message.set_aside_at.isoformat(timespec='seconds')}"
    else:
        state = f"tried again after {message.retry_at.isoformat(timespec='seconds')}"
    return (
        f"{message.feed} {message.tenant_id} {message.message_id} {message.type} {message.subject}:"
        f" {state}, {message.attempts} attempts: {message.reason}"
    )
