"""A tenant's documents as files: what `apply` makes of them in an empty tenant is exported the same again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from cli.dated_documents import AMENDMENTS, EFFECTIVE_FROM
from cli.graphql import GatewayClient
from cli.manifest import NAMED, WORDS, Kind, Manifest

__all__ = ["export_manifests", "left_over", "write_manifests"]

_PREFIXES = {kind: word.replace(" ", "-") for kind, word in WORDS.items()}
_VERSIONED = "key version versions { version document }"
_LISTS = {
    Kind.ICS_SOURCE: ("icsSources", "key name accepted { digest holidays }"),
    Kind.CALENDAR: (
        "calendars",
        "key name versions { document holds effectiveFrom holdsUntil }",
    ),
    Kind.POLICY: ("policies", _VERSIONED),
    Kind.AGREEMENT: ("agreements", _VERSIONED),
}
_WIDTH = 110


async def export_manifests(client: GatewayClient, *, now: datetime) -> list[Manifest]:
    """Read what every IcsSource, Calendar, Policy and Agreement says in its latest version, and the default.

    Of a Calendar that is what holds now, and as its `amendments` what holds later. Its import from an ICS
    source is written without the digest of what it holds, where that is what
    the source says now: applying pins it again.
    """
    found: list[Manifest] = []
    digests: dict[str, str] = {}
    for kind in Kind:
        if kind is Kind.DEFAULT_CALENDAR:
            found += await _default(client)
            continue
        async for node in _nodes(client, kind):
            if kind is Kind.ICS_SOURCE:
                if node["accepted"] is None:
                    continue
                digests[node["key"]] = node["accepted"]["digest"]
            found.append(_manifest(kind, node, digests, now))
    return found


def write_manifests(folder: Path, manifests: Iterable[Manifest]) -> list[Path]:
    """Write a file for each, named for its kind and key; files that are there already are written over."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for manifest in manifests:
        path = folder / f"{_PREFIXES[manifest.kind]}-{quote(manifest.key, safe='')}.yaml"
        path.write_text(_text(manifest), encoding="utf-8", newline="\n")
        written.append(path)
    return written


def left_over(folder: Path, written: Iterable[Path]) -> list[Path]:
    """List files of the folder that look like an earlier export of what is no longer there."""
    fresh = set(written)
    return sorted(
        path for prefix in _PREFIXES.values() for path in folder.glob(f"{prefix}-*.yaml") if path not in fresh
    )


async def _default(client: GatewayClient) -> list[Manifest]:
    """Read the default Calendar, if there is one."""
    record = (await client.ask("{ found: defaultCalendar { calendarKey } }", {}, patient=True))["found"]
    if record is None:
        return []
    key = record["calendarKey"]
    kind = Kind.DEFAULT_CALENDAR
    return [Manifest(kind=kind, key=key, name=key, document={}, source="the gateway")]


async def _nodes(client: GatewayClient, kind: Kind) -> AsyncIterator[dict[str, Any]]:
    field, selection = _LISTS[kind]
    document = (
        f"query Export($after: String) {{ page: {field}(first: 20, after: $after)"
        f" {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    after: str | None = None
    more = True
    while more:
        page = (await client.ask(document, {"after": after}, patient=True))["page"]
        for node in page["nodes"]:
            yield node
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]


def _manifest(kind: Kind, node: Mapping[str, Any], digests: Mapping[str, str], now: datetime) -> Manifest:
    key = node["key"]
    return Manifest(
        kind=kind,
        key=key,
        name=node["name"] if kind in NAMED else key,
        document=_document(kind, node, digests, now),
        source="the gateway",
    )


def _document(
    kind: Kind, node: Mapping[str, Any], digests: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    if kind is Kind.ICS_SOURCE:
        return {"holidays": node["accepted"]["holidays"]}
    if kind is Kind.CALENDAR:
        return _dated(node["versions"], digests, now)
    latest = node["version"]
    document: dict[str, Any] = next(it["document"] for it in node["versions"] if it["version"] == latest)
    return document


def _dated(
    versions: Iterable[Mapping[str, Any]], digests: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Write what holds now, and what holds later behind it."""
    first, *later = [
        version
        for version in versions
        if version["holds"]
        and (version["holdsUntil"] is None or datetime.fromisoformat(version["holdsUntil"]) > now)
    ]
    document = _portable(first["document"], digests)
    if not later:
        return document
    amendments = [
        {EFFECTIVE_FROM: version["effectiveFrom"], **_portable(version["document"], digests)}
        for version in later
    ]
    return document | {AMENDMENTS: amendments}


def _portable(document: dict[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    if "holidays" not in document:
        return document
    return document | {"holidays": list(_unpinned(document["holidays"], digests))}


def _unpinned(holidays: Iterable[dict[str, Any]], digests: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for entry in holidays:
        if "ics" in entry and entry.get("digest") == digests.get(entry["ics"]):
            yield {name: value for name, value in entry.items() if name != "digest"}
        else:
            yield entry


def _text(manifest: Manifest) -> str:
    head = {"kind": manifest.kind.value, "key": manifest.key}
    if manifest.kind in NAMED:
        head["name"] = manifest.name
    # Innermost lists and mappings on one line: windows and holidays read as they are written by hand.
    text: str = yaml.safe_dump(
        head | manifest.document,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=_WIDTH,
    )
    return text
