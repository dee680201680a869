"""Relay connections over the pages that the doors answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from gateway.domain.errors import CursorInvalidError, GlobalIdInvalidError, PageTooLargeError
from gateway.domain.global_id import Part, decode_global_id, encode_global_id
from gateway.schema.declare import object_type

__all__ = [
    "DEFAULT_PAGE",
    "MAX_PAGE",
    "Connection",
    "Edge",
    "PageInfo",
    "check_first",
    "connect",
    "connect_by_key",
    "read_cursor",
    "write_cursor",
]


class Keyed(Protocol):
    """A record with a key unique in its tenant."""

    @property
    def key(self) -> str:
        """The key."""
        ...


N = TypeVar("N")
R = TypeVar("R")
K = TypeVar("K", bound=Keyed)
P = TypeVar("P", str, int)

DEFAULT_PAGE = 50
MAX_PAGE = 200


@object_type
class PageInfo:
    """Where a page stands in its list.

    has_next_page: whether more follow.
    has_previous_page: whether the page was asked for `after` something.
    start_cursor, end_cursor: of the first and last edge; null on an empty page.
    """

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@object_type
class Edge(Generic[N]):
    """One thing of a page, and its place in the list.

    cursor: pass it as `after` to read on from here; opaque.
    """

    node: N
    cursor: str


@object_type
class Connection(Generic[N]):
    """A page of a list.

    edges: the things with their cursors.
    nodes: the things alone, in the same order.
    """

    edges: list[Edge[N]]
    nodes: list[N]
    page_info: PageInfo


def check_first(first: int) -> int:
    """Return the size of a page if it is one; raises PageTooLargeError."""
    if not 1 <= first <= MAX_PAGE:
        raise PageTooLargeError(f"first is {first:,}; a page holds 1 to {MAX_PAGE}", field="first")
    return first


def write_cursor(kind: str, part: Part) -> str:
    """Return an opaque cursor for the place of `part` in the list of that kind."""
    return encode_global_id(f"{kind}@", part)


def read_cursor(kind: str, cursor: str | None, of: type[P]) -> P | None:
    """Return the place that a cursor of that list means, None for none; raises CursorInvalidError."""
    if cursor is None:
        return None
    try:
        found, parts = decode_global_id(cursor)
    except GlobalIdInvalidError:
        found, parts = "", ()
    if found == f"{kind}@" and len(parts) == 1 and isinstance(parts[0], of):
        return parts[0]
    raise CursorInvalidError(f"{cursor[:80]!r} is no cursor of this list", field="after")


def connect(
    records: Sequence[R], cursors: Iterable[str], *, has_next: bool, after: str | None
) -> Connection[R]:
    """Make the connection of a page; the records stand in it as they came from the door."""
    edges = [Edge(node=record, cursor=cursor) for record, cursor in zip(records, cursors, strict=True)]
    page_info = PageInfo(
        has_next_page=has_next,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, nodes=list(records), page_info=page_info)


def connect_by_key(kind: str, records: Sequence[K], *, has_next: bool, after: str | None) -> Connection[K]:
    """Make the connection of a page in order of key."""
    cursors = [write_cursor(kind, record.key) for record in records]
    return connect(records, cursors, has_next=has_next, after=after)
