"""Reductions: values of any number of facts, that come in portions of which none is kept."""

from __future__ import annotations

from typing import Protocol

from clocks.domain.measures.columns import Contents
from clocks.domain.measures.value import Value

__all__ = ["Reduction", "Share"]


class Reduction(Protocol):
    """A value in the making. The order of what is added does not matter, nor how it is cut into portions."""

    def add(self, contents: Contents) -> None:
        """Take a portion: the contents of Items."""
        ...

    def value(self) -> Value:
        """Answer the value of all that was added."""
        ...


class Share:
    """The share that was kept; samples: all."""

    def __init__(self) -> None:
        self._kept = self._counted = 0

    def add(self, contents: Contents) -> None:
        """Count a portion: flags."""
        (kept,) = contents
        self._kept += int(kept.sum())
        self._counted += len(kept)

    def value(self) -> Value:
        """Answer kept / all."""
        return Value(self._kept, self._counted, self._counted)
