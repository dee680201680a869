"""Declares GraphQL types whose descriptions are the docstrings of their classes.

A docstring's lines of the form `name: sentence` describe the fields, as everywhere in this code; what stands
before the first of them describes the type. A resolver's docstring describes its field.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, dataclass_transform

import strawberry

__all__ = [
    "followed",
    "input_made_by",
    "input_type",
    "interface_type",
    "node_type",
    "object_type",
    "resolved",
]

T = TypeVar("T", bound=type)

FIELD_LINE = re.compile(r"^(\w+(?:, \w+)*): ", re.MULTILINE)


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def object_type(cls: T) -> T:
    """Make an output type."""
    return described(strawberry.type(cls))


def node_type(record: type) -> Callable[[T], T]:
    """Make an output type with an id, whose values are a door's records of that class."""

    def declare(cls: T) -> T:
        cls.is_type_of = lambda value, _info: isinstance(value, record)  # type: ignore[attr-defined]
        return object_type(cls)

    return declare


def resolved(resolver: Callable[..., object]) -> Any:
    """Make a field of a function; the field's GraphQL type is its annotation.

    What the function hands over may be a door's record: its attributes answer the fields of the same names.
    """
    return strawberry.field(resolver=resolver)


def followed(source: Callable[..., object]) -> Any:
    """Make a field of a subscription from a function that yields its values."""
    return strawberry.subscription(resolver=source)


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface_type(cls: T) -> T:
    """Make an interface."""
    return described(strawberry.interface(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input_type(cls: T) -> T:
    """Make an input type."""
    return described(strawberry.input(cls))


def input_made_by(make: Callable[[Mapping[str, Any]], object]) -> Callable[[T], T]:
    """Make an input type whose values a function makes, of the fields that were sent, by their GraphQL names.

    For input that comes by the thousand: it goes past Strawberry's own conversion, two thirds of the cost.
    """

    def declare(cls: T) -> T:
        declared = input_type(cls)
        definition: Any = declared.__strawberry_definition__  # type: ignore[attr-defined]
        definition.from_input = lambda _cls, sent, _context: make(sent)
        return declared

    return declare


def described(cls: T) -> T:
    """Fill in the descriptions of a type and its fields that have none."""
    definition: Any = cls.__strawberry_definition__  # type: ignore[attr-defined]
    summary, fields = split_docstring(inspect.cleandoc(cls.__doc__ or ""))
    definition.description = definition.description or summary
    for field in definition.fields:
        resolver = field.base_resolver
        spoken = inspect.getdoc(resolver.wrapped_func) if resolver else fields.get(field.python_name)
        field.description = field.description or spoken
    return cls


def split_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Return the summary and, by name, what is said of each field."""
    summary, *rest = FIELD_LINE.split(text)
    fields: dict[str, str] = {}
    for names, sentence in zip(rest[::2], rest[1::2], strict=True):
        fields |= dict.fromkeys(names.split(", "), sentence_case(sentence))
    return sentence_case(summary), fields


def sentence_case(text: str) -> str:
    """Put a sentence on one line, with a capital first."""
    line = " ".join(text.split())
    return line[:1].upper() + line[1:]
