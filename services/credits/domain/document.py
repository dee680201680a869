"""Reading a plain document field by field, so that each refusal names its path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from credits.domain.errors import DocumentInvalidError

__all__ = ["MAX_TEXT", "Node", "check_key"]

MAX_TEXT = 200
"""The longest text of a field, in characters."""

_MAX_NAME = 60
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)

Choice = TypeVar("Choice", bound=StrEnum)
Value = TypeVar("Value")


def check_key(key: str, *, field: str) -> str:
    """Give a key back if it is one; raises DocumentInvalidError with the code key_invalid."""
    return Node(key, field).key()


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document and the path that leads to it (empty for the document itself)."""

    value: object
    path: str

    def fields(self, *, required: frozenset[str], optional: frozenset[str] = frozenset()) -> dict[str, Node]:
        """Give the fields of a mapping; refuse a missing one and one that nobody reads. Null is absent."""
        if not isinstance(self.value, dict):
            raise self.refusal("must be a mapping")
        for name in self.value:
            if name not in required | optional:
                known = ", ".join(sorted(required | optional))
                raise self._at(str(name)[:_MAX_NAME]).refusal(f"is not a field here (known: {known})")
        present = {name: self._at(name, value) for name, value in self.value.items() if value is not None}
        for name in sorted(required - present.keys()):
            raise self._at(name).refusal("is required")
        return present

    def items(self, *, most: int) -> list[Node]:
        """Give the items of a list of at least one and at most `most`."""
        if not isinstance(self.value, list | tuple) or not self.value:
            raise self.refusal("must be a list with at least one item")
        if len(self.value) > most:
            raise self.refusal(f"has {len(self.value)} items, more than {most}")
        return [Node(item, f"{self.path}[{index}]") for index, item in enumerate(self.value)]

    def text(self) -> str:
        """Give a text that is not empty and not over MAX_TEXT."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.refusal("must be a text that is not empty")
        if len(self.value) > MAX_TEXT:
            raise self.refusal(f"is longer than {MAX_TEXT} characters")
        if not self.value.isprintable():
            raise self.refusal("holds a character that cannot be printed")
        return self.value

    def key(self) -> str:
        """Give a text that is a key."""
        if not _KEY.fullmatch(self.text()):
            raise self.refusal(
                f"{self.value!r} is not a key (small letters, digits, - and _, at most 63)",
                code="key_invalid",
            )
        return self.text()

    def choice(self, choices: type[Choice]) -> Choice:
        """Give one of a closed set."""
        try:
            return choices(self.text())
        except ValueError:
            raise self.refusal(f"{self.value!r} is not one of {', '.join(choices)}") from None

    def read(self, reader: Callable[[object], Value], refused: type[Exception]) -> Value:
        """Give what `reader` makes of the value; its error `refused` becomes a refusal with its code."""
        try:
            return reader(self.value)
        except refused as error:
            raise self.refusal(
                getattr(error, "reason", None) or str(error), code=getattr(error, "code", None)
            ) from error

    def refusal(self, message: str, *, code: str | None = None) -> DocumentInvalidError:
        """Make the error for this path."""
        return DocumentInvalidError(
            message, field=self.path or "document", code=code or DocumentInvalidError.code
        )

    def _at(self, name: str, value: object = None) -> Node:
        return Node(value, f"{self.path}.{name}" if self.path else name)
