"""Calendars in files, read as the service reads them: checked, spliced and compiled, without any server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from businesstime import Timeline, compile_schedule
from calendars.domain.advice import Advice, advise
from calendars.domain.calendar import AmendMode, Calendar, CalendarVersion, begin
from calendars.domain.calendar_file import CalendarFile, FileAmendment
from calendars.domain.definition import check_acyclic, closure_of, horizon_at, outline_of
from calendars.domain.document import CalendarKey, Document, read_key
from calendars.domain.document_imports import Entries
from calendars.domain.errors import CalendarsError
from calendars.domain.file_reading import FileVersion, read_file
from calendars.domain.ics_source import digest_of
from calendars.domain.import_errors import ImportUnknownError
from calendars.domain.placing import placed
from calendars.domain.resolution import check_document, schedule_of
from calendars.domain.schedule_check import check_schedule
from calendars.domain.season_overlap import check_seasons
from cli.dated_documents import AMENDMENTS, as_in_file, dated_documents
from cli.errors import CliError
from cli.ics_text import ics_text
from cli.manifest import Kind, Manifest, read_manifests

__all__ = ["CalendarFileError", "check_alone", "read_timelines"]


class CalendarFileError(CliError):
    """A calendar in a file that cannot be used; the code is that of the rule it breaks."""

    def __init__(self, message: str, *, code: str, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code


def read_timelines(
    paths: Collection[Path], *, keys: Sequence[str], now: datetime, tell: Callable[[str], None]
) -> dict[CalendarKey, Timeline]:
    """Compile the Calendars that files describe, or of these the ones asked for; by key, in that order.

    A document that names no kind is a Calendar named for its file. tell: takes each line of advice on them.
    Raises ManifestError, and CalendarFileError for whatever the service would refuse to save.
    """
    manifests = read_manifests(paths, bare=Kind.CALENDAR)
    files = {manifest.key: manifest for manifest in manifests if manifest.kind is Kind.CALENDAR}
    if not files:
        listed = ", ".join(map(str, paths))
        raise CalendarFileError(f"{listed}: holds no calendar", code="calendar_unknown")
    sources = {one.key: _entries(one) for one in manifests if one.kind is Kind.ICS_SOURCE}
    book = {}
    for manifest in files.values():
        with _named(manifest):
            calendar = _calendar(manifest, sources, now)
            book[calendar.key] = calendar
    wanted = [_find(key, book) for key in keys] or list(book)
    _check_made_of(book, files)
    timelines = {key: _compile(book[key], book, files[key], now) for key in wanted}
    for key in wanted:
        for advice in _advise(book[key], book, now):
            tell(f"{files[key].source}: {as_in_file(advice.message)}")
    return timelines


def check_alone(manifest: Manifest) -> None:
    """Check what a Calendar's file says by itself. Raises CalendarsError, ManifestError."""
    for version in _read_versions(manifest):
        with placed(version.field):
            if not version.document.references:
                check_document(version.document.without_imports(), {})


def _entries(manifest: Manifest) -> Entries:
    """Read the holidays of an IcsSource; what is wrong with one is found where a Calendar takes it."""
    ics_text(manifest)
    return tuple(manifest.document["holidays"])


def _calendar(manifest: Manifest, sources: Mapping[str, Entries], now: datetime) -> Calendar:
    first, *later = _read_versions(manifest)
    calendar = begin(
        key=read_key(manifest.key),
        name=manifest.name,
        document=_pinned(first.document, sources),
        by="file",
        now=now,
    )
    for version in later:
        with placed(version.field):
            amendment = CalendarVersion(
                version=calendar.version + 1,
                mode=AmendMode.FORWARD,
                effective_from=version.effective_from,
                document=_pinned(version.document, sources),
                reason=None,
                created_at=now,
                created_by="file",
            )
        calendar = replace(calendar, versions=(*calendar.versions, amendment))
    return calendar


def _read_versions(manifest: Manifest) -> Sequence[FileVersion]:
    """Read what a file says, as the service reads it: each amendment after the one before."""
    first, *later = dated_documents(manifest)
    amendments = tuple(
        FileAmendment(effective_from=start, document=document)
        for start, document in later
        if start is not None  # only the first has none
    )
    file = CalendarFile(key=manifest.key, name=manifest.name, document=first.document, amendments=amendments)
    return read_file(file, place=0).versions


def _pinned(document: Document, sources: Mapping[str, Entries]) -> Document:
    digests = {each.source: digest_of(sources.get(each.source, ())) for each in document.imports}
    for one in document.imports:
        if one.source not in sources or one.digest not in {None, digests[one.source]}:
            raise ImportUnknownError(
                f"{one.field}: takes holidays of the ICS source {one.source!r} that no file holds",
                code="ics_source_unknown",
                field=one.field,
            )
    return document.pinned(digests, {digests[key]: sources[key] for key in digests})


def _find(key: str, book: Mapping[CalendarKey, Calendar]) -> CalendarKey:
    found = next((one for one in book if one == key), None)
    if found is None:
        listed = ", ".join(sorted(book)) or "none"
        raise CalendarFileError(
            f"--key: no file describes a calendar {key!r}; there are: {listed}",
            code="calendar_unknown",
            field="--key",
        )
    return found


def _check_made_of(book: Mapping[CalendarKey, Calendar], files: Mapping[str, Manifest]) -> None:
    """Refuse what names a Calendar that no file describes, and what is made of itself."""
    for calendar in book.values():
        _check_known(calendar, book, files[calendar.key])
    outlines = {key: outline_of(calendar) for key, calendar in book.items()}
    for key, calendar in book.items():
        with _named(files[key]):
            check_acyclic(calendar, outlines)


def _check_known(calendar: Calendar, known: Collection[str], manifest: Manifest) -> None:
    for version in calendar.versions:
        for reference in version.document.references:
            if reference.key not in known:
                field = as_in_file(_within(version, reference.field) or "")
                raise CalendarFileError(
                    f"{manifest.source}: {field}: names the calendar {reference.key!r}: give its file too",
                    code="reference_unknown",
                    field=field,
                )


def _compile(
    calendar: Calendar, book: Mapping[CalendarKey, Calendar], manifest: Manifest, now: datetime
) -> Timeline:
    outlines = {key: outline_of(one) for key, one in book.items()}
    parts, horizon = {key: book[key] for key in closure_of(calendar.key, outlines)}, horizon_at(now)
    with _named(manifest):
        for version in calendar.versions:
            with placed(_within(version)):
                schedule = check_document(version.document, parts)
                if version.document.composition is None:
                    check_seasons(schedule)
                check_schedule(schedule, horizon)
        return compile_schedule(schedule_of(calendar.key, parts), start=horizon.start, end=horizon.end)


def _advise(calendar: Calendar, book: Mapping[CalendarKey, Calendar], now: datetime) -> Iterator[Advice]:
    for version in calendar.versions:
        for advice in advise(version.document, book, horizon_at(now)):
            yield advice.within(_within(version))


def _within(version: CalendarVersion, field: str | None = None) -> str | None:
    """Name the place of a version in its file, or of a field in that; None: the file itself."""
    place = None if version.version == 1 else f"{AMENDMENTS}[{version.version - 2}]"
    return ".".join(filter(None, (place, field))) or None


@contextmanager
def _named(manifest: Manifest) -> Iterator[None]:
    """Name the file in what is refused."""
    try:
        yield
    except (CalendarFileError, CalendarsError) as error:
        said, field = (as_in_file(text) for text in (str(error), error.field or ""))
        raise CalendarFileError(f"{manifest.source}: {said}", code=error.code, field=field or None) from error
