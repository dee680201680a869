"""A Calendar's file, taken apart: what holds now, and its `amendments`, which hold later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from cli.errors import OptionError
from cli.instant import read_instant
from cli.manifest import Manifest, ManifestError

__all__ = ["AMENDMENTS", "EFFECTIVE_FROM", "DatedDocument", "as_in_file", "dated_documents"]

AMENDMENTS = "amendments"
EFFECTIVE_FROM = "effective_from"

_DOCUMENT = re.compile(r"(amendments\[\d+\])?\.?document(?:\.|: |$)")


class DatedDocument(NamedTuple):
    """A document, and from when it holds; None: from the first."""

    effective_from: datetime | None
    document: dict[str, Any]


def dated_documents(manifest: Manifest) -> list[DatedDocument]:
    """List what a Calendar's file says, in the file's order. Raises ManifestError."""
    document = dict(manifest.document)
    amendments = document.pop(AMENDMENTS, [])
    if not isinstance(amendments, list):
        raise ManifestError(f"{manifest.source}: {AMENDMENTS}: is a list of documents", field=AMENDMENTS)
    return [DatedDocument(None, document), *_amendments(manifest, amendments)]


def _amendments(manifest: Manifest, amendments: list[Any]) -> Iterator[DatedDocument]:
    for place, each in enumerate(amendments):
        field = f"{AMENDMENTS}[{place}]"
        if not isinstance(each, dict) or not isinstance(each.get(EFFECTIVE_FROM), str):
            raise ManifestError(
                f"{manifest.source}: {field}: is a document with {EFFECTIVE_FROM}, an RFC 3339 instant",
                field=field,
            )
        document = dict(each)
        try:
            start = read_instant(document.pop(EFFECTIVE_FROM), f"{field}.{EFFECTIVE_FROM}")
        except OptionError as error:
            raise ManifestError(f"{manifest.source}: {error}", field=error.field) from None
        yield DatedDocument(start, document)


def as_in_file(said: str) -> str:
    """Write a path, or what begins with one, as it stands in the file, where a document has no name."""
    found = _DOCUMENT.match(said)
    if found is None:
        return said
    rest, within = said[found.end() :], found[1]
    if within is None:
        return rest
    if found[0].endswith("."):
        return f"{within}.{rest}"
    return f"{within}: {rest}" if rest else within
