"""What a Timeline is made of, as a key: known from digests alone, without reading a document or compiling.

The definition key covers the content and dates of all versions in force, of the Calendar and of all that it
is made of, the horizon, and the versions of the code and data that turn content into time: the zone database,
the holidays, the binary form. Tenants are left out: equal content has equal keys, whoever wrote it. Hence an
entry under a definition key is never stale, only unused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from importlib.metadata import version as installed_version
from typing import NewType

import msgspec

from businesstime import TZDATA_VERSION
from calendars.domain.calendar import Calendar, in_force
from calendars.domain.document import CalendarKey
from calendars.domain.errors import ReferenceCycleError

__all__ = [
    "DefinitionKey",
    "Horizon",
    "Outline",
    "OutlineVersion",
    "check_acyclic",
    "closure_of",
    "definition_key",
    "horizon_at",
    "outline_of",
    "outlines_known_at",
]

DefinitionKey = NewType("DefinitionKey", str)

_DATA = (TZDATA_VERSION, installed_version("holidays"), "timeline-3")


@dataclass(frozen=True, kw_only=True, slots=True)
class OutlineVersion:
    """A version without its document: from when it holds, the document's digest, the calendars it names."""

    version: int
    effective_from: datetime | None
    created_at: datetime
    digest: bytes
    references: tuple[CalendarKey, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """A Calendar without its documents.

    revision: how many changes the tenant's book had seen when this was read; 0 for one that was not read.
    """

    key: CalendarKey
    versions: tuple[OutlineVersion, ...]
    revision: int = 0

    @property
    def version(self) -> int:
        """The latest version's number."""
        return self.versions[-1].version


@dataclass(frozen=True, kw_only=True, slots=True)
class Horizon:
    """The civil dates that a Timeline is compiled for, [start, end); a sum past them extends it."""

    start: date
    end: date


def outline_of(calendar: Calendar) -> Outline:
    """Leave a Calendar's documents away."""
    return Outline(
        key=calendar.key,
        versions=tuple(
            OutlineVersion(
                version=version.version,
                effective_from=version.effective_from,
                created_at=version.created_at,
                digest=version.document.digest,
                references=tuple(sorted({reference.key for reference in version.document.references})),
            )
            for version in calendar.versions
        ),
    )


def outlines_known_at(
    outlines: Mapping[CalendarKey, Outline], instant: datetime
) -> dict[CalendarKey, Outline]:
    """Return what was recorded at an instant; Calendars that were not there yet are left out."""
    cut = {
        key: replace(
            outline, versions=tuple(version for version in outline.versions if version.created_at <= instant)
        )
        for key, outline in outlines.items()
    }
    return {key: outline for key, outline in cut.items() if outline.versions}


def horizon_at(now: datetime) -> Horizon:
    """Return three civil years: the last, this and the next; so that keys change once a year."""
    return Horizon(start=date(now.year - 1, 1, 1), end=date(now.year + 2, 1, 1))


def definition_key(
    key: CalendarKey, outlines: Mapping[CalendarKey, Outline], horizon: Horizon
) -> DefinitionKey:
    """Return the key of a Calendar's Timeline. The outlines hold all that it is made of."""
    content = _digest_of(key, outlines, {})
    whole = msgspec.json.encode([content, horizon.start, horizon.end, *_DATA])
    return DefinitionKey(sha256(whole).hexdigest())


def closure_of(key: CalendarKey, outlines: Mapping[CalendarKey, Outline]) -> Iterator[CalendarKey]:
    """List a Calendar and all that its versions in force are made of, each once, itself first."""
    waiting, seen = [key], {key}
    while waiting:
        current = waiting.pop()
        yield current
        fresh = _named(outlines[current]) - seen
        waiting.extend(sorted(fresh))
        seen |= fresh


def check_acyclic(calendar: Calendar, outlines: Mapping[CalendarKey, Outline]) -> None:
    """Raise ReferenceCycleError where a Calendar is made of itself; the outlines have no other cycle.

    It names the place in the latest document at which the way back to itself begins.
    """
    path = _path_back(calendar.key, outlines)
    if path:
        references = calendar.versions[-1].document.references
        field = next((each.field for each in references if each.key == path[1]), "document")
        raise ReferenceCycleError(
            f"{field}: the calendar would be made of itself: " + " → ".join(path), field=field
        )


def _path_back(key: CalendarKey, outlines: Mapping[CalendarKey, Outline]) -> list[CalendarKey]:
    """Return the way from a Calendar to itself, both ends named; empty where there is none."""
    waiting, seen = [[key]], set[CalendarKey]()
    while waiting:
        path = waiting.pop()
        for name in sorted(_named(outlines[path[-1]])):
            if name == key:
                return [*path, name]
            if name not in seen:
                seen.add(name)
                waiting.append([*path, name])
    return []


def _named(outline: Outline) -> set[CalendarKey]:
    return {name for version in in_force(outline.versions) for name in version.references}


def _digest_of(
    key: CalendarKey, outlines: Mapping[CalendarKey, Outline], known: dict[CalendarKey, str]
) -> str:
    """Digest the content of one Calendar and of those it names, each once."""
    if key not in known:
        versions = [
            [
                version.effective_from,
                version.digest.hex(),
                {name: _digest_of(name, outlines, known) for name in sorted(set(version.references))},
            ]
            for version in in_force(outlines[key].versions)
        ]
        known[key] = sha256(msgspec.json.encode(versions)).hexdigest()
    return known[key]
