"""The command `meantime`: an index of commands, each imported only when it is called."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

__all__ = ["COMMANDS", "app", "main", "utc_now"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One command: its name, the module of `cli.commands` whose `app` it is, and a line of help."""

    name: str
    module: str
    help: str


COMMANDS = (
    Entry(name="up", module="up", help="Run everything on this machine, and say where to go."),
    Entry(name="serve", module="serve", help="Run some of the services against your own servers."),
    Entry(name="migrate", module="migrate", help="Bring a database to the state that the code needs."),
    Entry(name="feeds", module="feeds", help="See and mend what services could not take from one another."),
    Entry(name="token", module="token", help="Make an API key for a tenant and print it once."),
    Entry(name="apply", module="apply", help="Make or amend calendars, policies and agreements from files."),
    Entry(name="export", module="export", help="Write calendars, policies and agreements as files."),
    Entry(name="calendar", module="calendar", help="Ask calendars in files about time, without any server."),
    Entry(name="import", module="import_", help="Take events from another system's export."),
    Entry(name="demo", module="demo", help="Fill a tenant with generated work of three regions."),
    Entry(name="backtest", module="backtest", help="Try a policy on recorded events, without any server."),
    Entry(name="rehearse", module="rehearse", help="Try a policy or calendar on what a server recorded."),
    Entry(name="measure", module="measure", help="Measure periods of what a server recorded, exactly."),
    Entry(name="verify", module="verify", help="Recompute a receipt of a Cycle, without any server."),
)

app = typer.Typer(
    name="meantime",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="When is a team at work, is the promise being kept, and what is owed when it is not.",
)


@app.callback()
def _root() -> None:
    """Hold the commands together."""


def main() -> None:
    """Run the command line; a refusal with a code becomes one line and exit code 1."""
    try:
        app()
    except Exception as error:
        if not _is_refusal(error):
            raise
        typer.secho(f"meantime: {error}", err=True, fg="red")
        sys.exit(1)


def utc_now() -> datetime:
    """Read the clock, for the commands to hand down."""
    return datetime.now(UTC)  # noqa: TID251 - a composition root is where the clock is read


def _is_refusal(error: Exception) -> bool:
    # Every package of ours marks what a user can put right with a code and a kind.
    return isinstance(getattr(error, "code", None), str) and isinstance(getattr(error, "kind", None), str)


def _register(entry: Entry) -> None:
    @app.command(
        entry.name,
        help=entry.help,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def forward(context: typer.Context) -> None:
        module = importlib.import_module(f"cli.commands.{entry.module}")
        typer.main.get_command(module.app).main(args=context.args, prog_name=f"meantime {entry.name}")


for _entry in COMMANDS:
    if importlib.util.find_spec(f"cli.commands.{_entry.module}"):
        _register(_entry)
