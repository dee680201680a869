"""Says of a bad value that stands in the document itself where it stands, as is said of one in a variable."""

from __future__ import annotations

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

__all__ = ["LiteralsRule", "literal_field"]

FIELD = "field"


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
                self.report_error(placed(error, write_path(self.place, path), node))

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


def literal_field(error: GraphQLError) -> str | None:
    """Return the path that an error of this rule names."""
    field = (error.extensions or {}).get(FIELD)
    return field if isinstance(field, str) else None
