"""The schema as text, which is committed: a change of it shows in a review."""

from __future__ import annotations

from pathlib import Path

from gateway.schema.build import build_schema

__all__ = ["print_sdl", "verify_sdl", "write_sdl"]

HEADER = "# Written by `make generate` from services/gateway/schema; do not edit.\n\n"


def print_sdl() -> str:
    """Return the schema definition, with a header that says where it comes from."""
    return f"{HEADER}{build_schema().as_str()}\n"


def write_sdl(path: Path) -> None:
    """Write the schema definition to a file."""
    path.write_text(print_sdl(), encoding="utf-8")


def verify_sdl(path: Path) -> bool:
    """Say whether a file holds the schema definition of this code."""
    return path.exists() and path.read_text(encoding="utf-8") == print_sdl()
