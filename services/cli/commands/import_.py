"""`meantime import`: events from another system's export; a command for each system."""

from __future__ import annotations

import typer

from cli.commands.import_servicenow import servicenow

__all__ = ["app"]

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Take events from another system's export."
)
app.command("servicenow")(servicenow)


@app.callback()
def _systems() -> None:
    """Keep `servicenow` a name of its own, so that others can stand beside it."""
