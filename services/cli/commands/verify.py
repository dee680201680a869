"""`meantime verify`: a receipt recomputed, without any server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import OptionError
from clocks.domain.verification import Difference, verify_receipt

__all__ = ["DIFFERS_EXIT", "app", "verify"]

DIFFERS_EXIT = 3
"""The exit code of a receipt that could be read and is not right."""

MAX_SHOWN = 40

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    receipt: Annotated[
        Path, typer.Argument(help="A receipt of a Cycle, as `cycleReceipt` gave it.", show_default=False)
    ],
    expected: Annotated[
        str | None,
        typer.Option("--hash", help="The hash that it must have, kept elsewhere.", show_default=False),
    ] = None,
) -> None:
    """Recompute a receipt: whether it is as it was written, and whether its result follows from its inputs.

    The exit code is 0 when it is equal, 3 when anything differs, 1 for a file that is no receipt.
    """
    found = verify_receipt(read_file(receipt))
    differences = list(found.differences)
    if expected is not None and expected.strip().lower() != found.hash:
        differences.insert(0, Difference(path="--hash", said=expected, found=found.hash))
    for each in found.editions:
        typer.echo(f"note: {each.path}: made with {each.said}, and here is {each.found}", err=True)
    if not differences:
        typer.echo(f"equal: {found.hash}")
        return
    for each in differences[:MAX_SHOWN]:
        typer.secho(f"{each.path}: says {each.said!r}, and is {each.found!r}", fg="red")
    if len(differences) > MAX_SHOWN:
        typer.echo(f"and {len(differences) - MAX_SHOWN:,} more")
    raise typer.Exit(DIFFERS_EXIT)


def read_file(path: Path) -> bytes:
    """Read a file. Raises OptionError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise OptionError(f"{path}: {error.strerror or error}", field="RECEIPT") from error
