"""The guard: how much one document may ask for, counted before anything is validated or run.

Each fragment is measured once and its sums are added wherever it is spread: a document of a few hundred
tokens whose fragments spread each other would otherwise take a minute to walk. So every measure here is a
sum or a maximum of its parts. Fields of introspection cost nothing and have no depth; their aliases and
directives count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from gateway.domain.errors import LimitExceededError
from gateway.schema.pages import DEFAULT_PAGE, MAX_PAGE

__all__ = [
    "LIMITS",
    "Measures",
    "check_fields",
    "check_lists",
    "check_measures",
    "measure",
    "page_variables",
]

MAX_TOKENS = 3_000
MAX_CHARACTERS = 200_000
MAX_FIELDS = 500
MAX_LIST = 2_000

MAX_NESTING = 3 * 12
"""Levels of fields and fragments together, which is how deep the walk itself may go."""

LIST_GUESS = 5
"""How many things a list without `first` is taken to hold: versions, steps, targets."""


class Measures(NamedTuple):
    """What a selection adds up to.

    depth: levels of fields. aliases, directives: how many. cost: about how many values the answer may hold.
    """

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0

    def beside(self, other: Measures) -> Measures:
        """Return the measures of both selections side by side."""
        return Measures(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.cost + other.cost,
        )


LIMITS = Measures(depth=12, aliases=30, directives=50, cost=30_000)

NOTHING = Measures()


def check_measures(found: Measures) -> None:
    """Raise LimitExceededError for the first measure above its limit."""
    for name, allowed in LIMITS._asdict().items():
        amount = getattr(found, name)
        if amount > allowed:
            raise LimitExceededError(limit=name, allowed=allowed, found=amount)


def check_fields(document: DocumentNode) -> None:
    """Raise LimitExceededError if too many fields are written; validation compares each with each other."""
    found = sum(
        sum(1 for _ in fields_below(definition.selection_set))
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    )
    if found > MAX_FIELDS:
        raise LimitExceededError(limit="number of fields", allowed=MAX_FIELDS, found=found)


def check_lists(variables: Mapping[str, Any]) -> None:
    """Raise LimitExceededError for a list that takes long only to read; documents are not looked into."""
    for value in variables.values():
        for inner in (value, *value.values()) if isinstance(value, dict) else (value,):
            if isinstance(inner, list) and len(inner) > MAX_LIST:
                raise LimitExceededError(limit="list", allowed=MAX_LIST, found=len(inner))


def measure(document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, Any]) -> Measures:
    """Measure each operation and return the largest; `variables` say how large the pages are.

    Raises LimitExceededError where the nesting alone is past the limit.
    """
    walk = Walk(document, schema, variables)
    found = NOTHING
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            inside = walk.selections(definition.selection_set, root, 1)
            directives = len(definition.directives or ())
            found = Measures(*map(max, found, inside._replace(directives=inside.directives + directives)))
    return found


def page_variables(document: DocumentNode) -> tuple[str, ...]:
    """Return the names of the variables that say how large a page is, in order of name."""
    names = {
        argument.value.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
        for field in fields_below(definition.selection_set)
        for argument in field.arguments or ()
        if argument.name.value == "first" and isinstance(argument.value, VariableNode)
    }
    return tuple(sorted(names))


def fields_below(selection_set: SelectionSetNode | None) -> Iterator[FieldNode]:
    """Yield the fields that are written in a selection, at any depth; spreads are not followed."""
    pending = [selection_set]
    while pending:
        for selection in (pending.pop() or EMPTY).selections:
            pending.append(getattr(selection, "selection_set", None))
            if isinstance(selection, FieldNode):
                yield selection


EMPTY = SelectionSetNode(selections=())


class Walk:
    """One walk over a document; remembers each fragment's measures."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._measured: dict[str, Measures] = {}
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def selections(
        self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None, level: int
    ) -> Measures:
        """Measure a selection set on a type (None: unknown, which validation will tell)."""
        if level > MAX_NESTING:
            raise LimitExceededError(limit="depth", allowed=LIMITS.depth, found=level)
        found = NOTHING
        for selection in selection_set.selections:
            inside = self._selection(selection, parent, level)
            directives = inside.directives + len(selection.directives or ())
            found = found.beside(inside._replace(directives=directives))
        return found

    def _selection(self, selection: SelectionNode, parent: GraphQLNamedType | None, level: int) -> Measures:
        if isinstance(selection, FieldNode):
            return self._field(selection, parent, level)
        if isinstance(selection, FragmentSpreadNode):
            return self._fragment(selection.name.value, level)
        condition = selection.type_condition  # type: ignore[attr-defined]
        inner = self._schema.get_type(condition.name.value) if condition else parent
        return self.selections(selection.selection_set, inner, level + 1)  # type: ignore[attr-defined]

    def _fragment(self, name: str, level: int) -> Measures:
        """Measure a fragment, once; one that spreads itself is nothing here, and refused by validation."""
        if name not in self._measured:
            self._measured[name] = NOTHING
            if definition := self._fragments.get(name):
                inner = self._schema.get_type(definition.type_condition.name.value)
                self._measured[name] = self.selections(definition.selection_set, inner, level + 1)
        return self._measured[name]

    def _field(self, field: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measures:
        name = field.name.value
        definition: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        inner = get_named_type(definition.type) if definition else None
        inside = self.selections(field.selection_set, inner, level + 1) if field.selection_set else NOTHING
        aliases = inside.aliases + (field.alias is not None)
        if name.startswith("__"):
            return Measures(aliases=aliases, directives=inside.directives)
        cost = 1 + inside.cost * self._times(field, definition, parent)
        return Measures(inside.depth + 1, aliases, inside.directives, cost)

    def _times(
        self, field: FieldNode, definition: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> int:
        """Say how often what is below a field may stand in the answer."""
        if definition is None:
            return 1
        if "first" in definition.args:
            return self._page(field)
        in_page = parent is not None and parent.name.endswith("Connection")
        is_list = is_list_type(get_nullable_type(definition.type))
        return LIST_GUESS if is_list and not in_page else 1

    def _page(self, field: FieldNode) -> int:
        """Return the size of the page that a field asks for, as far as it can be told; never below 1."""
        size: Any = DEFAULT_PAGE
        for argument in field.arguments or ():
            if argument.name.value == "first":
                size = self._number(argument.value)
        return min(max(size, 1), MAX_PAGE) if isinstance(size, int) else MAX_PAGE

    def _number(self, value: object) -> object:
        if isinstance(value, IntValueNode) and len(value.value) < len(str(MAX_PAGE)) + 1:
            return int(value.value)
        if isinstance(value, VariableNode):
            return self._variables.get(value.name.value, MAX_PAGE)
        return MAX_PAGE
