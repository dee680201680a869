"""What the calendars service refuses, as one tree.

CalendarsError
├── CalendarKeyInvalidError     a key that cannot stand in an address
├── CalendarNameInvalidError    a name that is empty, too long or not text
├── DocumentInvalidError        a document that is no schedule, inheritance or composition
├── DocumentTooLargeError       a document past the limit of bytes
├── ReferenceUnknownError       a parent or operand that the tenant does not have
├── ReferenceCycleError         a calendar that would be made of itself
├── ReferencesTooManyError      a calendar made of more calendars than the limit
├── HolidaysTooManyError        holidays that take too long to lay out
├── SeasonsOverlapError         two seasons that claim the same dates
├── ParentComposedError         inheritance from a calendar that has no hours of its own
├── DependantBrokenError        an amendment that would break a calendar made of this one
├── InstantNaiveError           an instant without an offset
├── InstantOutOfBoundsError     an instant outside of the years that can be counted
├── EffectiveFromPastError      a FORWARD amendment that begins before now
├── EffectiveFromFutureError    a RESTATE amendment that begins after now
├── EffectiveFromMissingError   a RESTATE amendment that does not say from when
├── ReasonMissingError          a RESTATE amendment that does not say why
├── ReasonInvalidError          a reason that is too long or not text
├── VersionsTooManyError        an amendment past the limit of versions
├── CalendarExistsError         a key that the tenant has used
├── CalendarUnknownError        a key that the tenant has not used
├── VersionUnknownError         a version that the Calendar does not have
├── VersionConflictError        an amendment of a version that is no longer the latest
├── PlanStaleError              a plan that rests on what has changed since
├── IcsInvalidError             text that is no iCalendar
├── IcsTooLargeError            an iCalendar file past a limit
├── FeedUnknownError            a feed that is not there, or was revoked
├── FeedsTooManyError           a feed past the limit of open ones
├── KeysRepeatedError           one key twice in a batch
├── BatchTooLargeError          more keys or questions than one request may hold
├── PageTooLargeError           more rows than one page may hold
├── CursorInvalidError          text that is no place in a list
├── WindowInvalidError          a window of time that is empty, reversed or too long
├── DurationInvalidError        a duration that does not read
└── DeadlineUnreachableError    a duration that the calendar is never open for
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "BatchTooLargeError",
    "CalendarExistsError",
    "CalendarKeyInvalidError",
    "CalendarNameInvalidError",
    "CalendarUnknownError",
    "CalendarsError",
    "CursorInvalidError",
    "DeadlineUnreachableError",
    "DependantBrokenError",
    "DocumentInvalidError",
    "DocumentTooLargeError",
    "DurationInvalidError",
    "EffectiveFromFutureError",
    "EffectiveFromMissingError",
    "EffectiveFromPastError",
    "FeedUnknownError",
    "FeedsTooManyError",
    "HolidaysTooManyError",
    "IcsInvalidError",
    "IcsTooLargeError",
    "InstantNaiveError",
    "InstantOutOfBoundsError",
    "KeysRepeatedError",
    "PageTooLargeError",
    "ParentComposedError",
    "PlanStaleError",
    "ReasonInvalidError",
    "ReasonMissingError",
    "ReferenceCycleError",
    "ReferenceUnknownError",
    "ReferencesTooManyError",
    "SeasonsOverlapError",
    "VersionConflictError",
    "VersionUnknownError",
    "VersionsTooManyError",
    "WindowInvalidError",
]

Kind = Literal["invalid", "not_found", "conflict"]


class CalendarsError(Exception):
    """The root; `code` and `kind` are stable, `field` is the path in the request that is at fault."""

    code: str = "calendars_invalid"
    kind: Kind = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class CalendarKeyInvalidError(CalendarsError):
    """The key is not lower case letters, digits, `-` and `_`, 63 at most, a letter or digit first."""

    code = "calendar_key_invalid"


class CalendarNameInvalidError(CalendarsError):
    """The name is empty, too long or holds a character that is no text."""

    code = "calendar_name_invalid"


class DocumentInvalidError(CalendarsError):
    """The document is no schedule, inheritance or composition; `code` may be a finer cause."""

    code = "document_invalid"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message, field=field)
        self.code = code or type(self).code


class DocumentTooLargeError(CalendarsError):
    """The document takes more bytes than the limit."""

    code = "document_too_large"


class ReferenceUnknownError(CalendarsError):
    """A parent or operand names a calendar that the tenant does not have."""

    code = "reference_unknown"


class ReferenceCycleError(CalendarsError):
    """The calendar would be its own ancestor or operand."""

    code = "reference_cycle"


class ReferencesTooManyError(CalendarsError):
    """The calendar would be made of more calendars, or more deeply, than the limit."""

    code = "references_too_many"


class HolidaysTooManyError(CalendarsError):
    """Regions or rules name more holidays than the limit."""

    code = "holidays_too_many"


class SeasonsOverlapError(CalendarsError):
    """Two seasons claim the same dates, and the later one in the list has no effect there."""

    code = "seasons_overlap"


class ParentComposedError(CalendarsError):
    """The parent is composed of other calendars and has no hours of its own to inherit."""

    code = "parent_composed"


class DependantBrokenError(CalendarsError):
    """A calendar that is made of this one would no longer hold; the message says which and why."""

    code = "dependant_broken"


class InstantNaiveError(CalendarsError):
    """The instant has no offset from UTC."""

    code = "instant_naive"


class InstantOutOfBoundsError(CalendarsError):
    """The instant lies outside of the years that can be counted."""

    code = "instant_out_of_bounds"


class EffectiveFromPastError(CalendarsError):
    """FORWARD changes what comes: its `effective_from` is not before now."""

    code = "effective_from_past"


class EffectiveFromFutureError(CalendarsError):
    """RESTATE puts the past right: its `effective_from` is not after now."""

    code = "effective_from_future"


class EffectiveFromMissingError(CalendarsError):
    """RESTATE says from which instant on the past is put right."""

    code = "effective_from_missing"


class ReasonMissingError(CalendarsError):
    """RESTATE says why."""

    code = "reason_missing"


class ReasonInvalidError(CalendarsError):
    """The reason is too long or holds a character that is no text."""

    code = "reason_invalid"


class VersionsTooManyError(CalendarsError):
    """The Calendar has as many versions as one may have."""

    code = "versions_too_many"


class CalendarExistsError(CalendarsError):
    """The tenant has used the key."""

    code = "calendar_exists"
    kind = "conflict"


class CalendarUnknownError(CalendarsError):
    """The tenant has no Calendar of that key."""

    code = "calendar_unknown"
    kind = "not_found"


class VersionUnknownError(CalendarsError):
    """The Calendar has no such version."""

    code = "version_unknown"
    kind = "not_found"


class VersionConflictError(CalendarsError):
    """The amendment was written against a version that is no longer the latest; the message names both."""

    code = "version_conflict"
    kind = "conflict"

    def __init__(self, *, key: str, expected_version: int, latest_version: int) -> None:
        super().__init__(
            f"expected_version: calendar {key!r} is at version {latest_version}, not at {expected_version}: "
            f"read version {latest_version} and amend that",
            field="expected_version",
        )
        self.expected_version = expected_version
        self.latest_version = latest_version


class PlanStaleError(CalendarsError):
    """What the plan rests on has changed since, or the request is another one."""

    code = "plan_stale"
    kind = "conflict"


class IcsInvalidError(CalendarsError):
    """The text is no iCalendar; the message says on which line."""

    code = "ics_invalid"


class IcsTooLargeError(CalendarsError):
    """The iCalendar file has more bytes, events or holidays than the limit."""

    code = "ics_too_large"


class FeedUnknownError(CalendarsError):
    """There is no such feed, or it was revoked."""

    code = "feed_unknown"
    kind = "not_found"


class FeedsTooManyError(CalendarsError):
    """The Calendar has as many open feeds as one may have."""

    code = "feeds_too_many"


class KeysRepeatedError(CalendarsError):
    """A batch names one key twice."""

    code = "keys_repeated"


class BatchTooLargeError(CalendarsError):
    """A batch holds more keys or questions than one request may."""

    code = "batch_too_large"


class PageTooLargeError(CalendarsError):
    """A page asks for more rows than one may hold, or for none."""

    code = "page_too_large"


class CursorInvalidError(CalendarsError):
    """The text is no cursor that a page has given."""

    code = "cursor_invalid"


class WindowInvalidError(CalendarsError):
    """A window of time is empty, reversed or longer than the limit."""

    code = "window_invalid"


class DurationInvalidError(CalendarsError):
    """A duration does not read."""

    code = "duration_invalid"


class DeadlineUnreachableError(CalendarsError):
    """The calendar is not open for that long in the years that are computed."""

    code = "deadline_unreachable"
