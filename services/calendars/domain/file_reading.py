"""What a file says of a Calendar, read: its versions in order, each from when it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from calendars.domain.calendar import Calendar, holding_from, read_instant
from calendars.domain.calendar_file import CalendarFile, FileAmendment
from calendars.domain.document import CalendarKey, Document, read_document, read_key
from calendars.domain.errors import DocumentInvalidError
from calendars.domain.placing import placed

__all__ = ["FileVersion", "ReadFile", "read_file", "says_the_same"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileVersion:
    """One document of a file. field: where it stands in it; effective_from: None: always, until the next."""

    field: str | None
    effective_from: datetime | None
    document: Document


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFile:
    """A file that reads: its place in the request, and what it says."""

    place: int
    name: str
    key: CalendarKey
    versions: tuple[FileVersion, ...]


def read_file(file: CalendarFile, *, place: int) -> ReadFile:
    """Read a file. Raises what `read_key` and `read_document` raise, and DocumentInvalidError."""
    first = FileVersion(field=None, effective_from=None, document=read_document(file.document))
    return ReadFile(
        place=place,
        name=file.name.strip(),
        key=read_key(file.key),
        versions=(first, *_read_amendments(file.amendments)),
    )


def says_the_same(calendar: Calendar, name: str, said: Sequence[FileVersion], start: datetime) -> bool:
    """Say whether a file says nothing new of a Calendar; `said`: what it says from an instant on, pinned.

    A file that knows of no amendment is the same as the last one, also where that has yet to begin: what was
    applied with an instant is not brought forward when it is applied again without.
    """
    if calendar.name != name:
        return False
    holding = holding_from(calendar.versions, start)
    if [each.document.digest for each in holding] == [each.document.digest for each in said]:
        return [each.effective_from for each in holding[1:]] == [each.effective_from for each in said[1:]]
    return len(said) == 1 and calendar.versions[-1].document.digest == said[0].document.digest


def _read_amendments(amendments: Sequence[FileAmendment]) -> Iterator[FileVersion]:
    before: datetime | None = None
    for place, each in enumerate(amendments):
        field = f"amendments[{place}]"
        with placed(field):
            start = read_instant(each.effective_from, field="effective_from")
            if before is not None and start <= before:
                raise DocumentInvalidError(
                    f"effective_from: is not after {before.isoformat()}, that of the amendment before",
                    field="effective_from",
                )
            yield FileVersion(field=field, effective_from=start, document=read_document(each.document))
        before = start
