"""Every way in which business time refuses, one class a cause.

BusinessTimeError
├── DocumentInvalidError      a schedule document says something that cannot be; field is the path
│   ├── ZoneUnknownError      no such zone in the tzdata package
│   ├── RegionUnknownError    no such country or subdivision in the holidays package
│   └── RuleInvalidError      a recurrence rule outside the bounded subset of RFC 5545
├── DurationInvalidError      text that is no duration
├── InstantNaiveError         a datetime without a zone
├── OutOfReachError           an instant outside the years that are computed
├── NeverOpensError           a sum on a schedule without open time (there, or at all)
├── NeverClosesError          the next closing of a schedule that stays open
├── RowsInvalidError          arrays whose shapes or types do not fit together
└── BlobInvalidError          bytes that are no Timeline
    └── BlobStaleError        a Timeline made with other zone or holiday data
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BlobInvalidError",
    "BlobStaleError",
    "BusinessTimeError",
    "DocumentInvalidError",
    "DurationInvalidError",
    "InstantNaiveError",
    "NeverClosesError",
    "NeverOpensError",
    "OutOfReachError",
    "RegionUnknownError",
    "RowsInvalidError",
    "RuleInvalidError",
    "ZoneUnknownError",
]


class BusinessTimeError(Exception):
    """The root; `str(error)` is written for the user and names field and reason."""

    code: ClassVar[str] = "business_time_error"
    kind: ClassVar[str] = "invalid"

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        """`field`: the path of the value at fault, as in `hours.mon[1]`, or None when there is none."""
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field


class DocumentInvalidError(BusinessTimeError):
    """A schedule document says something that cannot be."""

    code = "schedule_invalid"


class ZoneUnknownError(DocumentInvalidError):
    """No such zone in the tzdata package."""

    code = "zone_unknown"


class RegionUnknownError(DocumentInvalidError):
    """No such country or subdivision in the holidays package."""

    code = "region_unknown"


class RuleInvalidError(DocumentInvalidError):
    """A recurrence rule outside the bounded subset of RFC 5545."""

    code = "rule_invalid"


class DurationInvalidError(BusinessTimeError):
    """Text that is no duration."""

    code = "duration_invalid"


class InstantNaiveError(BusinessTimeError):
    """A datetime without a zone is no instant."""

    code = "instant_naive"


class OutOfReachError(BusinessTimeError):
    """An instant outside the years that are computed."""

    code = "out_of_reach"


class NeverOpensError(BusinessTimeError):
    """The schedule has no open time, at all or on that side of the instant."""

    code = "never_opens"


class NeverClosesError(BusinessTimeError):
    """The schedule does not close on that side of the instant."""

    code = "never_closes"


class RowsInvalidError(BusinessTimeError):
    """Arrays whose shapes or types do not fit together."""

    code = "rows_invalid"


class BlobInvalidError(BusinessTimeError):
    """Bytes that are no Timeline."""

    code = "timeline_invalid"


class BlobStaleError(BlobInvalidError):
    """A Timeline made with other zone or holiday data than this process has."""

    code = "timeline_stale"
    kind = "conflict"
