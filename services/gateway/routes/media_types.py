"""Media types of GraphQL over HTTP: what a client sends, and what it will take."""

from __future__ import annotations

from starlette.requests import Request

__all__ = ["GRAPHQL_JSON", "JSON", "accepted_type", "is_json"]

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"

OFFERS = (GRAPHQL_JSON, JSON)
WILDCARDS = frozenset({"*/*", "application/*"})
UTF8_NAMES = frozenset({"utf-8", "utf8", ""})


def is_json(content_type: str) -> bool:
    """Say whether a Content-Type is JSON in UTF-8."""
    name, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    return name.strip().lower() == JSON and charset in UTF8_NAMES


def accepted_type(request: Request) -> str | None:
    """Return the media type to answer in, by the Accept header; None where it leaves none.

    Without the header, and for `*/*`, it is application/json, which every client understands. Of types that
    are wanted alike, the first one named wins.
    """
    wanted = parse_accept(request.headers.get("accept", ""))
    if not wanted:
        return JSON
    best: tuple[float, str] | None = None
    for name, quality in wanted:
        offer = JSON if name in WILDCARDS else name
        if offer in OFFERS and quality > 0 and (best is None or quality > best[0]):
            best = (quality, offer)
    return best and best[1]


def parse_accept(header: str) -> list[tuple[str, float]]:
    """Return the media types of an Accept header with their qualities, in order."""
    entries = [entry.strip() for entry in header.split(",") if entry.strip()]
    return [(name_of(entry), quality_of(entry)) for entry in entries]


def name_of(entry: str) -> str:
    """Return the media type of an entry, without its parameters."""
    return entry.partition(";")[0].strip().lower()


def quality_of(entry: str) -> float:
    """Return the `q` of an entry; 1 where it has none, 0 where it is no number."""
    for parameter in entry.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
