"""Why a measurement is refused.

ClocksError
├── MeasureInvalidError     a measure document that says something impossible
└── MeasureTooLargeError    more facts than one measurement looks at
"""

from __future__ import annotations

from collections.abc import Iterable

from clocks.domain.errors import ClocksError

__all__ = ["MeasureInvalidError", "MeasureTooLargeError", "listed"]

_MOST_NAMES = 20


class MeasureInvalidError(ClocksError):
    """A measure document, or a question about it, that says something impossible; `field` is the path."""

    code = "measure_invalid"

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(f"{field}: {reason}", field=field)
        self.reason = reason

    def within(self, path: str) -> MeasureInvalidError:
        """Say the same of a document that stands at a path."""
        return MeasureInvalidError(self.reason, field=f"{path}.{self.field}")


class MeasureTooLargeError(ClocksError):
    """The period holds more facts than one measurement looks at."""

    code = "measure_too_large"
    kind = "too_many"


def listed(names: Iterable[str]) -> str:
    """Say which names there are, not all of them where there are many."""
    ordered = sorted(set(names))
    if not ordered:
        return "there are none"
    more = len(ordered) - _MOST_NAMES
    shown = ", ".join(ordered[:_MOST_NAMES])
    return f"there are {shown}{f' and {more:,} more' if more > 0 else ''}"
