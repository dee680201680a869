"""Items: the single things that a measure looks at, with the instant and the evidence of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

__all__ = ["Fact", "Item"]

Content = TypeVar("Content")


class Fact(NamedTuple):
    """An Event as measures read it; mark: its id and the hash of all that it says."""

    subject_id: str
    at_us: int
    type: str
    attributes: Mapping[str, Any]
    mark: str


class Item(NamedTuple, Generic[Content]):
    """One thing that counts.

    at_us: the instant that puts it into a period; its Subject's attributes are those of this instant.
    content: what the measure sums up. marks: its evidence. labels: what else it can be told apart by.
    """

    subject_id: str
    at_us: int
    content: Content
    marks: tuple[str | int, ...]
    labels: Mapping[str, str] = {}
