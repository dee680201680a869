"""When is a team at work: exact business time. README.md here says what it means, owns and does not own."""

from __future__ import annotations

from businesstime.algebra import complement, difference, intersection, shift, splice, union
from businesstime.coverage import Interval
from businesstime.documents import schedule_from_document, schedule_to_document
from businesstime.durations import BusinessDays, format_duration, parse_duration
from businesstime.errors import (
    BlobInvalidError,
    BlobStaleError,
    BusinessTimeError,
    DocumentInvalidError,
    DurationInvalidError,
    InstantNaiveError,
    NeverClosesError,
    NeverOpensError,
    OutOfReachError,
    RegionUnknownError,
    RowsInvalidError,
    RuleInvalidError,
    ZoneUnknownError,
)
from businesstime.holiday import DatedHoliday, Holiday, RegionHolidays, RuledHoliday, unmatched_opt_outs
from businesstime.instants import from_us, to_us
from businesstime.recurrence import RecurrenceRule, parse_rule
from businesstime.schedule import LocalSchedule, Schedule, SpecialHours
from businesstime.schedule_compiler import compile_schedule
from businesstime.seasons import MonthDay, Season
from businesstime.segment_rows import Reason, SegmentRows
from businesstime.segments import Segment
from businesstime.timeline import Timeline
from businesstime.timeline_rows import TimelineRows
from businesstime.windows import WeeklyHours, Window, parse_window
from businesstime.zones import TZDATA_VERSION, ZoneDatabase, zone

__all__ = [
    "TZDATA_VERSION",
    "BlobInvalidError",
    "BlobStaleError",
    "BusinessDays",
    "BusinessTimeError",
    "DatedHoliday",
    "DocumentInvalidError",
    "DurationInvalidError",
    "Holiday",
    "InstantNaiveError",
    "Interval",
    "LocalSchedule",
    "MonthDay",
    "NeverClosesError",
    "NeverOpensError",
    "OutOfReachError",
    "Reason",
    "RecurrenceRule",
    "RegionHolidays",
    "RegionUnknownError",
    "RowsInvalidError",
    "RuleInvalidError",
    "RuledHoliday",
    "Schedule",
    "Season",
    "Segment",
    "SegmentRows",
    "SpecialHours",
    "Timeline",
    "TimelineRows",
    "WeeklyHours",
    "Window",
    "ZoneDatabase",
    "ZoneUnknownError",
    "compile_schedule",
    "complement",
    "difference",
    "format_duration",
    "from_us",
    "intersection",
    "parse_duration",
    "parse_rule",
    "parse_window",
    "schedule_from_document",
    "schedule_to_document",
    "shift",
    "splice",
    "to_us",
    "union",
    "unmatched_opt_outs",
    "zone",
]
