"""Executes a document; plain leaves are read without the machinery that a resolver needs.

Most of what a GraphQL answer costs is spent on leaves: 50 rows of 12 columns are 600 of them. A leaf whose
value is an attribute of the door's record, or a function of the record alone, needs no resolve info, no
arguments and no awaiting. Everything else runs as graphql-core runs it, and both ways give the same answer
(a test compares them).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import GraphQLNonNull, GraphQLObjectType, is_leaf_type
from graphql.execution import Executor
from graphql.execution.collect_fields import GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

__all__ = ["LeafExecutor"]


UNREAD: Any = object()


class Leaf(NamedTuple):
    """How a plain leaf is answered: read from its record and written by its type; it may be nullable."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    nullable: bool


class LeafExecutor(Executor[None]):
    """graphql-core's executor, with a short way for plain leaves."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Answer plain leaves here, and leave the rest, and every failure, to graphql-core."""
        answer: dict[str, Any] = {}
        rest: GroupedFieldSet = {}
        for key, details in grouped_field_set.items():
            value = read_leaf(parent_type, details[0].node.name.value, source_value)
            answer[key] = value
            if value is UNREAD:
                rest[key] = details
        if not rest:
            return answer
        others = super().execute_fields(parent_type, source_value, path, rest, position_context)
        return answer | others if isinstance(others, dict) else merge(answer, others)


async def merge(answer: dict[str, Any], others: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Fill in what was awaited; the order of the fields is that of the query."""
    return answer | await others


def read_leaf(parent: GraphQLObjectType, name: str, source: Any) -> Any:
    """Return a plain leaf's value; UNREAD where it is no plain leaf, fails, or lacks what it must have."""
    if name == "__typename":
        return parent.name
    leaf = leaf_of(parent, name)
    if leaf is None:
        return UNREAD
    try:
        value = leaf.read(source)
        if value is None:
            return None if leaf.nullable else UNREAD
        return leaf.write(value)
    except Exception:  # noqa: BLE001 - graphql-core reads it again and reports it where it belongs
        return UNREAD


@cache
def leaf_of(parent: GraphQLObjectType, name: str) -> Leaf | None:
    """Return how to answer a field, or None where it is no plain leaf."""
    field = parent.fields.get(name)
    declared = field and field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if field is None or field.args or not isinstance(declared, StrawberryField):
        return None
    leaf = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    read = reader_of(declared)
    if read is None or not is_leaf_type(leaf):
        return None
    return Leaf(read, leaf.coerce_output_value, nullable=leaf is field.type)


def reader_of(field: StrawberryField) -> Callable[[Any], Any] | None:
    """Return the function of the record that answers a field; None where it needs more than the record."""
    resolver = field.base_resolver
    if resolver is None:
        return attrgetter(field.python_name)
    if resolver.is_async or not resolver.root_parameter or len(resolver.signature.parameters) != 1:
        return None
    read: Callable[[Any], Any] = resolver
    return read
