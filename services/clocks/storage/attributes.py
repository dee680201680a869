"""The attributes of Subjects by which lists are narrowed."""

from __future__ import annotations

from collections.abc import Mapping

from clocks.domain.filterable import AttributeChanges
from pgstore.blocks import load_blocks
from pgstore.connection import Connection

__all__ = ["save_attributes"]

_SQL = load_blocks("clocks.storage", "attributes.sql")


async def save_attributes(connection: Connection, changes: Mapping[str, AttributeChanges]) -> None:
    """Write what has changed of locked Subjects, by their ids."""
    kept = [(subject_id, *item) for subject_id, one in changes.items() for item in one.kept.items()]
    gone = [(subject_id, name) for subject_id, one in changes.items() for name in one.gone]
    if kept:
        await connection.execute(_SQL["save_attributes"], *map(list, zip(*kept, strict=True)))
    if gone:
        await connection.execute(_SQL["delete_attributes"], *map(list, zip(*gone, strict=True)))
