"""Say in a refusal which part of a request it is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from calendars.domain.errors import CalendarsError

__all__ = ["placed"]


@contextmanager
def placed(within: str | None) -> Iterator[None]:
    """Put the path of a part, such as `calendars[3]`, before a refusal's message and field; None: no part."""
    try:
        yield
    except CalendarsError as error:
        if within is not None:
            error.args = (f"{within}.{error}",)
            error.field = f"{within}.{error.field}" if error.field else within
        raise
