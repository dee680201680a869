"""The scalars that GraphQL lacks: instants, 64-bit integers and JSON objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

__all__ = ["SCALARS", "JSONObject", "Long"]

Long = NewType("Long", int)
JSONObject = NewType("JSONObject", dict[str, Any])

LONG_LIMIT = 2**63


def parse_instant(value: object) -> datetime:
    """Read an RFC 3339 instant; a time without an offset names none and is refused."""
    if not isinstance(value, str):
        raise GraphQLError("an instant is a string, such as 2026-03-01T09:00:00Z")
    try:
        instant = datetime.fromisoformat(value)
    except (ValueError, OverflowError) as error:
        raise GraphQLError(f"{value[:80]!r} is not an RFC 3339 instant: {error}") from error
    if instant.tzinfo is None:
        raise GraphQLError(f"{value!r} has no offset, so it is no instant: add Z, or one such as -03:00")
    return instant.astimezone(UTC)


def parse_long(value: object) -> int:
    """Read a 64-bit integer."""
    if not isinstance(value, int) or isinstance(value, bool) or not -LONG_LIMIT <= value < LONG_LIMIT:
        raise GraphQLError("a Long is a whole number of at most 64 bits")
    return value


def parse_object(value: object) -> dict[str, Any]:
    """Read a JSON object."""
    if not isinstance(value, dict):
        raise GraphQLError("a JSON object is wanted here: {…}")
    return value


SCALARS: dict[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant, RFC 3339 with an offset; answers are in UTC, with microseconds where there are any. "
            "A time without an offset is refused; digits past the microsecond are dropped."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        parse_value=parse_instant,
    ),
    Long: strawberry.scalar(
        name="Long",
        description=(
            "A whole number of at most 64 bits, as a JSON number. Durations are in microseconds and money is "
            "in minor units; JavaScript holds them exactly below 2^53: 285 years, or 90 trillion in cents."
        ),
        parse_value=parse_long,
    ),
    JSONObject: strawberry.scalar(
        name="JSONObject",
        description="A JSON object.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        parse_value=parse_object,
    ),
}
