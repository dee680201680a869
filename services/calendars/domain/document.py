"""A Calendar's document: what a tenant writes, read into a frozen value before anything else sees it.

Three forms, told apart by their keys:

- hours of its own: `zone`, `hours`, `seasons`, `holidays`, `special` (see businesstime);
- inherited: `parent: <key>` and any of the above, which replace or add to the parent's (see resolution);
- either of these may take holidays from ICS sources (see document_imports);
- composed: one of `union`, `intersection`, `difference` with a list of keys, or of compositions.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal, NewType, get_args

import msgspec

from calendars.domain.document_imports import (
    Entries,
    Import,
    SourceKey,
    expand,
    neutral,
    pinned,
    read_imports,
)
from calendars.domain.errors import (
    CalendarKeyInvalidError,
    DocumentInvalidError,
    DocumentTooLargeError,
    ReferencesTooManyError,
)

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "MAX_OPERANDS",
    "CalendarKey",
    "Composition",
    "Document",
    "Operator",
    "Reference",
    "read_document",
    "read_key",
]

CalendarKey = NewType("CalendarKey", str)
Operator = Literal["union", "intersection", "difference"]

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_OPERANDS = 32
MAX_COMPOSITION_DEPTH = 8

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_OPERATORS: frozenset[str] = frozenset(get_args(Operator))


@dataclass(frozen=True, kw_only=True, slots=True)
class Composition:
    """Calendars joined into one.

    union: open while any is; intersection: while all are; difference: while the first is and no other.
    """

    operator: Operator
    operands: tuple[CalendarKey | Composition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A calendar that a document names, and the path in the document where it does."""

    field: str
    key: CalendarKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document as written, and what can be said of it without reading its hours.

    text: JSON, keys in the order of the writer.
    digest: SHA-256 over the JSON with sorted keys; equal digests, equal meaning.
    parent, composition: which form it has; both None for hours of its own.
    references: every calendar it names, in the order of the text.
    imports: what it takes from ICS sources. entries: the content of those, by digest.
    """

    text: str
    digest: bytes
    parent: CalendarKey | None
    composition: Composition | None
    references: tuple[Reference, ...]
    imports: tuple[Import, ...] = ()
    entries: Mapping[str, Entries] = field(default_factory=dict, compare=False, repr=False)

    def content(self) -> dict[str, Any]:
        """Return the document as plain values; the caller owns the result."""
        content: dict[str, Any] = msgspec.json.decode(self.text)
        return content

    def hours(self) -> dict[str, Any]:
        """Return the content with what imports hold in their places."""
        content = self.content()
        expand(content, self.imports, self.entries)
        return content

    def without_imports(self) -> Document:
        """Return a document with a plain holiday in the place of each import."""
        content = self.content()
        neutral(content, self.imports)
        return replace(self, text=msgspec.json.encode(content).decode(), imports=())

    def unpinned(self, source: SourceKey) -> Document:
        """Return the document with its imports of a source open to what counts when it is pinned again."""
        content = self.content()
        for each in self.imports:
            if each.source == source:
                content["holidays"][each.place].pop("digest", None)
        return read_document(content)

    def pinned(self, digests: Mapping[SourceKey, str], entries: Mapping[str, Entries]) -> Document:
        """Return the document with imports pinned, to `digests` where they were not, and their content.

        Raises DocumentTooLargeError.
        """
        content = self.content()
        document = read_document(content) if pinned(content, self.imports, digests) else self
        return replace(document, entries=entries)


def read_key(text: str, *, field: str = "key") -> CalendarKey:
    """Read a key: lower case letters, digits, `-` and `_`, at most 63, a letter or digit first.

    Raises CalendarKeyInvalidError.
    """
    if not _KEY.fullmatch(text):
        shown = textwrap.shorten(text, 80) if text.isprintable() else "…"
        raise CalendarKeyInvalidError(
            f"{field}: {shown!r} is no key: write 1 to 63 of a-z, 0-9, - and _, a letter or digit first",
            field=field,
        )
    return CalendarKey(text)


def read_document(raw: Mapping[str, Any]) -> Document:
    """Read a document's form; its hours are read when a Schedule is made of it.

    Raises DocumentInvalidError, DocumentTooLargeError, CalendarKeyInvalidError, ReferencesTooManyError, each
    with a field that begins with `document`.
    """
    text = _text_of(raw)
    content: dict[str, Any] = msgspec.json.decode(text)
    parent = _read_parent(content)
    composition = (
        _read_composition(content, field="document", depth=1) if _OPERATORS & content.keys() else None
    )
    if composition is not None and parent is not None:
        raise DocumentInvalidError("document: a composed calendar has no parent", field="document.parent")
    return Document(
        text=text,
        digest=_digest(content),
        parent=parent,
        composition=composition,
        references=tuple(_references(parent, composition)),
        imports=() if composition is not None else read_imports(content),
    )


def _text_of(raw: Mapping[str, Any]) -> str:
    """Write plain JSON; dates, which YAML reads by itself, become text again."""
    try:
        encoded = msgspec.json.encode(msgspec.to_builtins(raw, str_keys=True))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise DocumentInvalidError(
            f"document: holds what JSON cannot say: {error}", field="document"
        ) from error
    if len(encoded) > MAX_DOCUMENT_BYTES:
        raise DocumentTooLargeError(
            f"document: takes {len(encoded)} bytes, {MAX_DOCUMENT_BYTES} at most", field="document"
        )
    return encoded.decode()


def _digest(content: dict[str, Any]) -> bytes:
    return sha256(msgspec.json.encode(content, order="sorted")).digest()


def _read_parent(content: Mapping[str, Any]) -> CalendarKey | None:
    if "parent" not in content:
        return None
    return _read_operand_key(content["parent"], field="document.parent")


def _read_operand_key(raw: object, *, field: str) -> CalendarKey:
    if not isinstance(raw, str):
        raise DocumentInvalidError(f"{field}: is the key of a calendar", field=field)
    return read_key(raw, field=field)


def _read_composition(content: Mapping[str, Any], *, field: str, depth: int) -> Composition:
    if depth > MAX_COMPOSITION_DEPTH:
        raise ReferencesTooManyError(f"{field}: nests more than {MAX_COMPOSITION_DEPTH} deep", field=field)
    operator, raw = _read_operator(content, field=field)
    place = f"{field}.{operator}"
    if not isinstance(raw, list) or not 2 <= len(raw) <= MAX_OPERANDS:  # noqa: PLR2004 - one operand joins nothing
        raise DocumentInvalidError(f"{place}: is a list of 2 to {MAX_OPERANDS} calendars", field=place)
    operands = tuple(
        _read_composition(item, field=f"{place}[{index}]", depth=depth + 1)
        if isinstance(item, dict)
        else _read_operand_key(item, field=f"{place}[{index}]")
        for index, item in enumerate(raw)
    )
    return Composition(operator=operator, operands=operands)


def _read_operator(content: Mapping[str, Any], *, field: str) -> tuple[Operator, object]:
    """Return the one operator of a composition and its operands, not yet read."""
    extra = sorted(content.keys() - _OPERATORS)
    if extra:
        place = f"{field}.{extra[0]}"
        raise DocumentInvalidError(f"{place}: has no place in a composed calendar", field=place)
    if len(content) != 1:
        raise DocumentInvalidError(f"{field}: has one of union, intersection, difference", field=field)
    for operator in get_args(Operator):
        if operator in content:
            return operator, content[operator]
    raise AssertionError("unreachable: one key, and it is an operator")


def _references(parent: CalendarKey | None, composition: Composition | None) -> Iterator[Reference]:
    if parent is not None:
        yield Reference(field="document.parent", key=parent)
    if composition is not None:
        yield from _operand_references(composition, field="document")


def _operand_references(composition: Composition, *, field: str) -> Iterator[Reference]:
    for index, operand in enumerate(composition.operands):
        place = f"{field}.{composition.operator}[{index}]"
        if isinstance(operand, Composition):
            yield from _operand_references(operand, field=place)
        else:
            yield Reference(field=place, key=operand)
