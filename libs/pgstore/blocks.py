"""SQL in named blocks, so that statements stand in .sql files and not in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from pgstore.errors import BlocksInvalidError

__all__ = ["load_blocks", "parse_blocks"]

_NAME_LINE = re.compile(r"^-- name: *(.*)$", re.MULTILINE)
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_DESCRIPTION = re.compile(r"\A-- \S.*\n")


def load_blocks(package: str, resource: str) -> Mapping[str, str]:
    """Read the named blocks of a .sql file that lies in a package; raises BlocksInvalidError.

    A block is a line `-- name: read_calendar`, a line `-- what it is for`, and one statement.
    """
    text = (files(package) / resource).read_text(encoding="utf-8")
    return parse_blocks(text, source=f"{package}/{resource}")


def parse_blocks(text: str, *, source: str) -> Mapping[str, str]:
    """Split a text into its named blocks; `source` is how errors call it. Raises BlocksInvalidError."""
    head, *rest = _NAME_LINE.split(text)
    if not rest:
        raise BlocksInvalidError(f"{source}: no block; expected lines like '-- name: read_calendar'")
    if any(line.strip() and not line.startswith("--") for line in head.splitlines()):
        raise BlocksInvalidError(f"{source}: a statement stands before the first '-- name:' line")
    blocks: dict[str, str] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        _check_name(name, blocks, source)
        blocks[name] = _statement(name, body.removeprefix("\n"), source)
    return MappingProxyType(blocks)


def _check_name(name: str, blocks: Mapping[str, str], source: str) -> None:
    if not _NAME.match(name):
        raise BlocksInvalidError(f"{source}: {name!r} is no name for a block; use lower_case_words")
    if name in blocks:
        raise BlocksInvalidError(f"{source}: block {name} stands there twice")


def _statement(name: str, body: str, source: str) -> str:
    description = _DESCRIPTION.match(body)
    if description is None:
        raise BlocksInvalidError(f"{source}: block {name} lacks the line '-- what it is for'")
    statement = body[description.end() :].strip().removesuffix(";")
    if not statement:
        raise BlocksInvalidError(f"{source}: block {name} has no statement")
    return statement
