"""What the supervisor prints: the lines of each program behind its name, in its colour."""

from __future__ import annotations

import os
import sys
from itertools import cycle
from typing import TextIO

__all__ = ["Display"]

_WIDTH = 9
_COLOURS = ("36", "35", "33", "32", "34", "96", "95")


class Display:
    """Prints lines; a reader who has gone away is no reason to stop."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._next_colour = cycle(_COLOURS)
        self._colours: dict[str, str] = {}

    def say(self, name: str, line: str) -> None:
        """Print what a program said."""
        label = f"{name:<{_WIDTH}} |"
        if self._coloured:
            colour = self._colours.setdefault(name, next(self._next_colour))
            label = f"\x1b[{colour}m{label}\x1b[0m"
        self.announce(f"{label} {line}")

    def announce(self, line: str) -> None:
        """Print a line of our own."""
        try:
            print(line, file=self._stream, flush=True)
        except (BrokenPipeError, ValueError):
            self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - held until the end
