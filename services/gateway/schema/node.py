"""Things with a global id."""

from __future__ import annotations

import strawberry

from gateway.schema.declare import interface_type

__all__ = ["Node"]


@interface_type
class Node:
    """A thing that can be read again by its id.

    id: unique over all types; opaque. The same thing has the same id for ever.
    """

    id: strawberry.ID
