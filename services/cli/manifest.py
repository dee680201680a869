"""Documents in files: YAML or JSON that says what it is (`kind`, `key`), beside what it holds.

```yaml
kind: Policy            # IcsSource, Calendar, DefaultCalendar, Policy or Agreement
key: resolution         # unique in the tenant; of a DefaultCalendar, which Calendar it is: there is one
name: Resolution        # of a Calendar or IcsSource: its name (default: the key); else part of the document
…                       # the document itself
```
A file may hold several, with `---` between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from cli.errors import CliError

__all__ = ["NAMED", "WORDS", "Kind", "Manifest", "ManifestError", "bare_document", "read_manifests"]

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_MAX_BYTES = 4_000_000


class Kind(StrEnum):
    """What a document describes; each may depend on those before it."""

    ICS_SOURCE = "IcsSource"
    CALENDAR = "Calendar"
    DEFAULT_CALENDAR = "DefaultCalendar"
    POLICY = "Policy"
    AGREEMENT = "Agreement"


WORDS = {
    Kind.ICS_SOURCE: "ics source",
    Kind.CALENDAR: "calendar",
    Kind.DEFAULT_CALENDAR: "default calendar",
    Kind.POLICY: "policy",
    Kind.AGREEMENT: "agreement",
}
"""What a kind is called in what is printed."""

NAMED = frozenset({Kind.ICS_SOURCE, Kind.CALENDAR})
"""Kinds whose name is no part of the document."""


class ManifestError(CliError):
    """A file that does not say what it is, or is no document."""

    code = "manifest_invalid"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One document of a file.

    name: of a Calendar or IcsSource; the other kinds have it in the document, if at all. source: where it
    stands.
    """

    kind: Kind
    key: str
    name: str
    document: dict[str, Any]
    source: str


def read_manifests(paths: Iterable[Path], *, bare: Kind | None = None) -> list[Manifest]:
    """Read files, and of folders every YAML and JSON file in order of name.

    bare: what a document is that names no kind and no key; its key is then the file's name.
    Raises ManifestError, which names the file; also for two documents of one kind and key.
    """
    found: dict[tuple[Kind, str], Manifest] = {}
    for path in paths:
        files = sorted(one for one in path.iterdir() if one.suffix in _SUFFIXES) if path.is_dir() else [path]
        for manifest in (manifest for file in files for manifest in _read_file(file, bare)):
            key = "" if manifest.kind is Kind.DEFAULT_CALENDAR else manifest.key
            other = found.setdefault((manifest.kind, key), manifest)
            if other is not manifest:
                raise ManifestError(
                    f"{manifest.source}: {manifest.kind} {manifest.key!r} stands in {other.source} too"
                )
    if not found:
        raise ManifestError(f"{', '.join(map(str, paths))}: there is no document")
    return list(found.values())


def bare_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give the document alone, without what says which it is."""
    if "kind" not in document:
        return dict(document)
    outside = {"kind", "key", "name"} if document["kind"] in NAMED else {"kind", "key"}
    return {name: value for name, value in document.items() if name not in outside}


def _read_file(file: Path, bare: Kind | None) -> Iterator[Manifest]:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise ManifestError(f"{file}: larger than {_MAX_BYTES:,} bytes")
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise ManifestError(f"{file}: {error.strerror or error}") from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ManifestError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    for place, document in enumerate(documents, start=1):
        if document is not None:
            source = str(file) if len(documents) == 1 else f"{file} (document {place})"
            said = {"kind": bare.value, "key": file.stem} if bare else {}
            yield _manifest(document, said, source)


def _manifest(document: object, said: Mapping[str, str], source: str) -> Manifest:
    if not isinstance(document, dict):
        raise ManifestError(f"{source}: a mapping is needed at the top")
    if "kind" not in document:
        document = {**said, **document}
    kind, key, name = (document.get(field) for field in ("kind", "key", "name"))
    if kind not in list(Kind):
        raise ManifestError(f"{source}: kind: {kind!r} is not one of {', '.join(Kind)}", field="kind")
    if not isinstance(key, str) or not key:
        raise ManifestError(f"{source}: key: a text is needed, unique in the tenant", field="key")
    return Manifest(
        kind=Kind(kind),
        key=key,
        name=name if isinstance(name, str) else key,
        document=_plain(bare_document(document)),
        source=source,
    )


def _plain(value: Any) -> Any:
    """Give the value as JSON has it: YAML reads a bare 2026-12-24 as a date, also as a name."""
    if isinstance(value, dict):
        return {_text(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _text(name: object) -> str:
    return name.isoformat() if isinstance(name, date | datetime) else str(name)
