"""What a measure has to hold of all facts, since no portion of them says enough: eight bytes a number."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from clocks.domain.measures.columns import Column, Int64Array
from clocks.domain.measures.refusals import MeasureTooLargeError

__all__ = ["MAX_HELD", "Held"]

MAX_HELD: Final = 20_000_000
"""How many numbers: 160 MB."""


class Held:
    """A column that grows."""

    def __init__(self) -> None:
        self._numbers = array("q")

    def add(self, column: Column) -> None:
        """Hold more numbers, all int64. Raises MeasureTooLargeError."""
        if len(self._numbers) + len(column) > MAX_HELD:
            raise MeasureTooLargeError(
                f"one period holds more than {MAX_HELD:,} facts, the most of which a percentile or an"
                " availability is taken: measure shorter periods, such as the days of a month",
                field="period",
            )
        self._numbers.frombytes(column.astype(np.int64, copy=False).tobytes())

    def column(self) -> Int64Array:
        """Give all of it, not to be changed."""
        return np.frombuffer(self._numbers, dtype=np.int64)
