"""What is refused about ICS sources, feeds and watches; branches of the tree in `errors`.

CalendarsError
├── SourceUnknownError          a source that the tenant does not have
├── SourcesTooManyError         a source past the limit
├── SourceUploadedError         a look at the feed of a source that has none
├── RefreshInvalidError         hours between looks that are none
├── EditionStaleError           a decision about an edition that no longer waits
├── ImportUnknownError          a document that names a source or content that is not accepted
├── ReaderOverrunError          a file that takes more time or memory to read than one may
├── FeedUnreachableError        a feed that does not answer with a file
├── ZoneUnwatchedError          a zone whose rules have not changed
└── WatchInvalidError           days ahead that are none
"""

from __future__ import annotations

from calendars.domain.errors import CalendarsError, DocumentInvalidError

__all__ = [
    "EditionStaleError",
    "FeedUnreachableError",
    "ImportUnknownError",
    "ReaderOverrunError",
    "RefreshInvalidError",
    "SourceUnknownError",
    "SourceUploadedError",
    "SourcesTooManyError",
    "WatchInvalidError",
    "ZoneUnwatchedError",
]


class SourceUnknownError(CalendarsError):
    """The tenant has no ICS source of that key."""

    code = "ics_source_unknown"
    kind = "not_found"


class SourcesTooManyError(CalendarsError):
    """The tenant has as many ICS sources as one may have."""

    code = "ics_sources_too_many"


class SourceUploadedError(CalendarsError):
    """The source has no feed: its content is uploaded."""

    code = "ics_source_uploaded"


class RefreshInvalidError(CalendarsError):
    """The hours between two looks at a feed are none that are taken."""

    code = "refresh_hours_invalid"


class EditionStaleError(CalendarsError):
    """The edition does not wait for a decision: another came since, or it was decided."""

    code = "ics_edition_stale"
    kind = "conflict"


class ImportUnknownError(DocumentInvalidError):
    """A document names an ICS source that is not there, or content of it that was never accepted."""

    code = "import_unknown"


class ReaderOverrunError(CalendarsError):
    """The file takes more time or memory to read than one file may."""

    code = "ics_overrun"


class FeedUnreachableError(CalendarsError):
    """The feed was not asked, or does not answer with a file; `code` is the finer cause."""

    code = "feed_unreachable"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code or type(self).code


class ZoneUnwatchedError(CalendarsError):
    """No change of the zone's rules waits to be taken over."""

    code = "zone_unchanged"
    kind = "not_found"


class WatchInvalidError(CalendarsError):
    """The days to look ahead are none that are taken."""

    code = "within_days_invalid"
