"""What a document takes from ICS sources: `holidays: [{ics: <source>}]`.

When a version is saved, each import is **pinned**: the digest of the content that was accepted then is
written beside the source's key. So a document means the same for ever, whatever its source says later, and
equal documents have equal meaning, whoever wrote them: the digest covers the content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NewType

from calendars.domain.errors import DocumentInvalidError

__all__ = ["MAX_IMPORTS", "Entries", "Import", "SourceKey", "expand", "neutral", "pinned", "read_imports"]

SourceKey = NewType("SourceKey", str)

Entries = tuple[dict[str, Any], ...]
"""Entries for the `holidays` of a document, as an ICS source's content holds them: dates and rules."""

MAX_IMPORTS = 8
MAX_OPT_OUTS = 200

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset({"ics", "digest", "except"})
_NEUTRAL = {"date": "2000-01-01", "name": "import"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One import.

    place: where it stands in `holidays`. digest: of the content that it means, 64 hexadecimal digits; None:
    what is accepted when the version is saved. opt_outs: names of holidays that are left out.
    """

    place: int
    source: SourceKey
    digest: str | None
    opt_outs: tuple[str, ...]

    @property
    def field(self) -> str:
        """Its path in a request."""
        return f"document.holidays[{self.place}]"


def read_imports(content: Mapping[str, Any]) -> tuple[Import, ...]:
    """List the imports of a document, in order. Raises DocumentInvalidError, with the path."""
    holidays = content.get("holidays")
    if not isinstance(holidays, list):
        return ()
    imports = tuple(
        _read_import(entry, place)
        for place, entry in enumerate(holidays)
        if isinstance(entry, dict) and "ics" in entry
    )
    if len(imports) > MAX_IMPORTS:
        raise _invalid("document.holidays", f"names more than {MAX_IMPORTS} ICS sources")
    return imports


def pinned(content: dict[str, Any], imports: Sequence[Import], digests: Mapping[SourceKey, str]) -> bool:
    """Write the digests of accepted content beside imports that have none; say whether any was written."""
    open_ones = [each for each in imports if each.digest is None]
    for each in open_ones:
        content["holidays"][each.place]["digest"] = digests[each.source]
    return bool(open_ones)


def expand(content: dict[str, Any], imports: Sequence[Import], entries: Mapping[str, Entries]) -> None:
    """Put what imports hold into their places; those that are not pinned hold nothing yet."""
    if not imports:
        return
    places = {each.place: each for each in imports}
    content["holidays"] = [
        one
        for place, entry in enumerate(content["holidays"])
        for one in (_taken(places[place], entries) if place in places else (entry,))
    ]


def neutral(content: dict[str, Any], imports: Sequence[Import]) -> None:
    """Put a plain holiday into the place of each import, so that paths in errors are those of the writer."""
    for each in imports:
        content["holidays"][each.place] = dict(_NEUTRAL)


def _taken(one: Import, entries: Mapping[str, Entries]) -> Iterator[dict[str, Any]]:
    left_out = {name.casefold() for name in one.opt_outs}
    for entry in entries[one.digest] if one.digest is not None else ():
        if str(entry["name"]).casefold() not in left_out:
            yield dict(entry)


def _read_import(entry: Mapping[str, Any], place: int) -> Import:
    field = f"document.holidays[{place}]"
    if extra := sorted(entry.keys() - _FIELDS):
        raise _invalid(f"{field}.{extra[0][:40]}", "is not known here; the fields are ics, digest, except")
    source, digest, opt_outs = entry["ics"], entry.get("digest"), entry.get("except", [])
    if not isinstance(source, str) or not _KEY.fullmatch(source):
        raise _invalid(f"{field}.ics", "is the key of an ICS source")
    if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise _invalid(f"{field}.digest", "is 64 hexadecimal digits: leave it out for what is accepted now")
    if not isinstance(opt_outs, list) or not all(isinstance(name, str) for name in opt_outs):
        raise _invalid(f"{field}.except", "is a list of names of holidays that are left out")
    if len(opt_outs) > MAX_OPT_OUTS:
        raise _invalid(f"{field}.except", f"has more than {MAX_OPT_OUTS} names")
    return Import(place=place, source=SourceKey(source), digest=digest, opt_outs=tuple(opt_outs))


def _invalid(field: str, reason: str) -> DocumentInvalidError:
    return DocumentInvalidError(f"{field}: {reason}", field=field)
