"""Documents made ready: parsed, guarded and validated once, and kept.

The validation rules are built once and the cache is keyed by the text, so a client that sends the same query
again pays for a lookup. Long documents are not kept: they carry literals that will not come again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    ValuesOfCorrectTypeRule,
    parse,
    specified_rules,
    validate,
)

from gateway.domain.errors import LimitExceededError
from gateway.schema.bulk import BulkVariables, bulk_variables
from gateway.schema.limits import (
    MAX_CHARACTERS,
    MAX_TOKENS,
    Measures,
    check_fields,
    check_measures,
    measure,
    page_variables,
)
from gateway.schema.literals import LiteralsRule

__all__ = ["Documents", "Prepared"]

MAX_KEPT = 500
MAX_KEPT_CHARACTERS = 20_000
MAX_KEPT_MEASURES = 50
MAX_ERRORS = 20


class Prepared:
    """A valid document, and its measures for the page sizes that were asked for."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema) -> None:
        self.document = document
        self._schema = schema
        self._page_variables = page_variables(document)
        self._measures: dict[tuple[Any, ...], Measures] = {}
        self._bulk: dict[str | None, BulkVariables] = {}

    def check_cost(self, variables: Mapping[str, Any]) -> None:
        """Raise LimitExceededError if the document is too much with these variables."""
        sizes = tuple(size_of(variables.get(name)) for name in self._page_variables)
        if sizes not in self._measures:
            if len(self._measures) >= MAX_KEPT_MEASURES:
                self._measures.clear()
            self._measures[sizes] = measure(self.document, self._schema, variables)
        check_measures(self._measures[sizes])

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of that name, or the only one; None where that names none."""
        operations = [it for it in self.document.definitions if isinstance(it, OperationDefinitionNode)]
        if name is None:
            return operations[0] if len(operations) == 1 else None
        return next((it for it in operations if it.name and it.name.value == name), None)

    def bulk(self, name: str | None) -> BulkVariables:
        """Return the variables of the operation of that name that can be read at once."""
        if name not in self._bulk:
            operation = self.operation(name)
            if operation is None:
                return ()
            self._bulk[name] = bulk_variables(operation)
        return self._bulk[name]


class Documents:
    """The documents of one schema, the latest used of them kept."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Prepared] = OrderedDict()

    def prepare(self, text: str, variables: Mapping[str, Any]) -> Prepared | list[GraphQLError]:
        """Make a document ready, or say what is wrong with it; raises LimitExceededError."""
        prepared = self._kept.get(text)
        if prepared is not None:
            self._kept.move_to_end(text)
            prepared.check_cost(variables)
            return prepared
        try:
            document = parse_document(text)
        except GraphQLSyntaxError as error:
            return [error]
        check_fields(document)
        prepared = Prepared(document, self._schema)
        prepared.check_cost(variables)
        errors = validate(self._schema, prepared.document, RULES, max_errors=MAX_ERRORS)
        if errors:
            return errors
        self._keep(text, prepared)
        return prepared

    def _keep(self, text: str, prepared: Prepared) -> None:
        if len(text) <= MAX_KEPT_CHARACTERS:
            self._kept[text] = prepared
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


RULES = tuple(LiteralsRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules)


def parse_document(text: str) -> DocumentNode:
    """Parse a document of bounded length; raises GraphQLSyntaxError, LimitExceededError."""
    if len(text) > MAX_CHARACTERS:
        raise LimitExceededError(limit="characters", allowed=MAX_CHARACTERS, found=len(text))
    try:
        return parse(text, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        if "Document contains more than" in error.message:
            raise LimitExceededError(limit="tokens", allowed=MAX_TOKENS, found=MAX_TOKENS + 1) from error
        raise


def size_of(value: object) -> object:
    """Return a page variable's value if it can be a size, so that a cache may be keyed by it."""
    return value if isinstance(value, int) else None
