"""Calls a command in a process of its own, as a user does, with the address and key in its environment."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from cli.access import Access
from tests.services.cli.stacks import clean_environment

__all__ = ["Ended", "call"]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str


async def call(access: Access, folder: Path, *arguments: str) -> Ended:
    """Run `meantime` to its end, its data directory inside the folder."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli"),
        *(*arguments, "--data", str(folder / "data")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=clean_environment(MEANTIME_URL=access.url, MEANTIME_TOKEN=access.token),
    )
    out, err = await process.communicate()
    return Ended(code=process.returncode, out=out.decode(), err=err.decode())
