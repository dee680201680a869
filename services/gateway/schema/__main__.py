"""`python -m gateway.schema generate|verify FILE`: writes the schema definition, or checks its copy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gateway.schema.sdl import verify_sdl, write_sdl

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 if all is well, 1 if the file is out of date."""
    parser = argparse.ArgumentParser(prog="python -m gateway.schema", description=__doc__)
    parser.add_argument("action", choices=["generate", "verify"])
    parser.add_argument("file", type=Path)
    asked = parser.parse_args(arguments)
    if asked.action == "generate":
        write_sdl(asked.file)
        return 0
    if verify_sdl(asked.file):
        return 0
    sys.stderr.write(f"{asked.file} is out of date: run `make generate` and commit it\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
