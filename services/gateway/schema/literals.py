"""Says of a bad value that stands in the document itself where it stands, as is said of one in a variable."""

from __future__ import annotations

import re
from typing import Any

from graphql import (
    SKIP,
    ArgumentNode,
    GraphQLError,
    GraphQLInputType,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
)
from graphql.utilities import validate_input_literal

__all__ = ["LiteralsRule", "literal_field", "with_member"]

FIELD = "field"
MEMBER = re.compile(
    r"Expected value of type '[^']+' (?:to include required|not to include unknown) field '(\w+)'"
)


class LiteralsRule(ValuesOfCorrectTypeRule):
    """The standard rule; its errors name the argument, the path in its value, and the place in the text."""

    place = ""

    def enter_argument(self, node: ArgumentNode, *_args: Any) -> None:
        """Note which argument's value comes next."""
        self.place = node.name.value

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: Any) -> None:
        """Note which variable's default comes next."""
        self.place = node.variable.name.value

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check a value as a whole, and report each fault in it."""
        if input_type is not None:

            def on_error(error: GraphQLError, path: list[str | int]) -> None:
                field = with_member(write_path(self.place, path), error)
                self.report_error(placed(error, field, node))

            validate_input_literal(node, input_type, on_error, None, None, self.context.hide_suggestions)
        return SKIP


def placed(error: GraphQLError, field: str, node: ValueNode) -> GraphQLError:
    """Let an error say of which value it is."""
    return GraphQLError(
        f"{field}: {error.message}",
        nodes=error.nodes or [node],
        original_error=error.original_error,
        extensions={FIELD: field},
    )


def write_path(place: str, path: list[str | int]) -> str:
    """Write a path as it is written for variables, such as `input.events[3].occurredAt`."""
    return place + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def with_member(path: str, error: GraphQLError) -> str:
    """Go on to the field that is missing or unknown, where an error is about one: its path is the whole's."""
    member = MEMBER.search(error.message)
    return path if member is None else f"{path}.{member[1]}"


def literal_field(error: GraphQLError) -> str | None:
    """Return the path that an error of this rule names."""
    field = (error.extensions or {}).get(FIELD)
    return field if isinstance(field, str) else None
