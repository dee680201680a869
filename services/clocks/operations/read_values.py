"""Take values from a caller that are well-typed and may still be impossible."""

from __future__ import annotations

from datetime import UTC, datetime

from clocks.domain.refusals import InstantNaiveError, InstantOutOfBoundsError, TextInvalidError

__all__ = ["is_text", "read_instant", "read_text"]

FIRST_INSTANT = datetime(1900, 1, 1, tzinfo=UTC)
END_INSTANT = datetime(2300, 1, 1, tzinfo=UTC)


def is_text(text: str) -> bool:
    """Tell whether a database can hold it."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def read_text(text: str, *, field: str) -> str:
    """Take a text. Raises TextInvalidError, which names the field."""
    if not is_text(text):
        raise TextInvalidError(f"{field}: holds a NUL character or half of a surrogate pair", field=field)
    return text


def read_instant(instant: datetime, *, field: str) -> datetime:
    """Take an instant. Raises InstantNaiveError and InstantOutOfBoundsError, which name the field."""
    if instant.utcoffset() is None:
        raise InstantNaiveError(f"{field}: needs an offset from UTC, such as Z", field=field)
    if not FIRST_INSTANT <= instant < END_INSTANT:
        raise InstantOutOfBoundsError(f"{field}: lies outside of the years 1900 to 2299", field=field)
    return instant
