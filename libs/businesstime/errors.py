"""Every way in which business time refuses, one class a cause.

BusinessTimeError
├── DocumentInvalid      a schedule document says something that cannot be; field is the path
│   ├── ZoneUnknown      no such zone in the tzdata package
│   ├── RegionUnknown    no such country or subdivision in the holidays package
│   └── RuleInvalid      a recurrence rule outside the bounded subset of RFC 5545
├── DurationInvalid      text that is no duration
├── InstantNaive         a datetime without a zone
├── OutOfReach           an instant outside the years that are computed
├── NeverOpens           a sum on a schedule without open time (there, or at all)
├── NeverCloses          the next closing of a schedule that stays open
├── RowsInvalid          arrays whose shapes or types do not fit together
└── BlobInvalid          bytes that are no Timeline
    └── BlobStale        a Timeline made with other zone or holiday data
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BlobInvalid",
    "BlobStale",
    "BusinessTimeError",
    "DocumentInvalid",
    "DurationInvalid",
    "InstantNaive",
    "NeverCloses",
    "NeverOpens",
    "OutOfReach",
    "RegionUnknown",
    "RowsInvalid",
    "RuleInvalid",
    "ZoneUnknown",
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


class DocumentInvalid(BusinessTimeError):
    """A schedule document says something that cannot be."""

    code = "schedule_invalid"


class ZoneUnknown(DocumentInvalid):
    """No such zone in the tzdata package."""

    code = "zone_unknown"


class RegionUnknown(DocumentInvalid):
    """No such country or subdivision in the holidays package."""

    code = "region_unknown"


class RuleInvalid(DocumentInvalid):
    """A recurrence rule outside the bounded subset of RFC 5545."""

    code = "rule_invalid"


class DurationInvalid(BusinessTimeError):
    """Text that is no duration."""

    code = "duration_invalid"


class InstantNaive(BusinessTimeError):
    """A datetime without a zone is no instant."""

    code = "instant_naive"


class OutOfReach(BusinessTimeError):
    """An instant outside the years that are computed."""

    code = "out_of_reach"


class NeverOpens(BusinessTimeError):
    """The schedule has no open time, at all or on that side of the instant."""

    code = "never_opens"


class NeverCloses(BusinessTimeError):
    """The schedule does not close on that side of the instant."""

    code = "never_closes"


class RowsInvalid(BusinessTimeError):
    """Arrays whose shapes or types do not fit together."""

    code = "rows_invalid"


class BlobInvalid(BusinessTimeError):
    """Bytes that are no Timeline."""

    code = "timeline_invalid"


class BlobStale(BlobInvalid):
    """A Timeline made with other zone or holiday data than this process has."""

    code = "timeline_stale"
    kind = "conflict"
