"""Why the service refuses a request as a whole; the refusals of the fold itself stand in `errors`.

ClocksError
├── BatchTooLargeError      more events than a batch may hold
├── PolicyKeyInvalidError   a key that cannot stand in an address
├── PolicyUnknownError      a Policy that the tenant does not have
├── MetricUnknownError      a Metric that no version of the Policy has
├── SubjectUnknownError     a Subject without events
├── CycleUnknownError       a Cycle that the events of a Subject do not lead to
├── ReceiptInvalidError     what was given as a receipt is none
├── VersionConflictError    somebody else has saved a version meanwhile
├── CalendarUnknownError    a Policy that names a Calendar which is not there
├── CalendarUnconcernedError  a Calendar to be tried on which nothing that is tried counts
├── DefaultCalendarUnsetError  a tenant that has no default Calendar
├── EffectiveFromInvalidError  a first version that does not hold always, where it has to
├── PeriodEmptyError        a period that ends before it has begun
├── InstantNaiveError       an instant without an offset
├── InstantOutOfBoundsError an instant outside of the years that can be counted
├── TextInvalidError        a text that no database can hold
├── PageTooLargeError       more rows than a page may hold
├── PlaceInvalidError       a cursor that is none of ours
├── AttributeUnfilterableError  an attribute that no policy names as filterable
├── SortInvalidError        an order in which what is asked for does not stand
├── PlanStaleError          a plan that rests on what has changed since
├── TimelineInvalidError    bytes that are no Timeline
└── UnsettledError          others write at the same place, again and again
"""

from __future__ import annotations

from clocks.domain.errors import ClocksError

__all__ = [
    "AttributeUnfilterableError",
    "BatchTooLargeError",
    "CalendarUnconcernedError",
    "CalendarUnknownError",
    "CycleUnknownError",
    "DefaultCalendarUnsetError",
    "EffectiveFromInvalidError",
    "InstantNaiveError",
    "InstantOutOfBoundsError",
    "MetricUnknownError",
    "PageTooLargeError",
    "PeriodEmptyError",
    "PlaceInvalidError",
    "PlanStaleError",
    "PolicyKeyInvalidError",
    "PolicyUnknownError",
    "ReceiptInvalidError",
    "SortInvalidError",
    "SubjectUnknownError",
    "TextInvalidError",
    "TimelineInvalidError",
    "UnsettledError",
    "VersionConflictError",
]


class BatchTooLargeError(ClocksError):
    """A batch holds more events than the limit."""

    code = "batch_too_large"


class PolicyKeyInvalidError(ClocksError):
    """The key is not lower case letters, digits, `-` and `_`, 63 at most, a letter or digit first."""

    code = "policy_key_invalid"


class PolicyUnknownError(ClocksError):
    """The tenant has no Policy of this key."""

    code = "policy_unknown"
    kind = "not_found"


class MetricUnknownError(ClocksError):
    """No version of the Policy has this Metric."""

    code = "metric_unknown"
    kind = "not_found"


class SubjectUnknownError(ClocksError):
    """The tenant has no event of this Subject."""

    code = "subject_unknown"
    kind = "not_found"


class CycleUnknownError(ClocksError):
    """The events that are known of the Subject lead to no such Cycle."""

    code = "cycle_unknown"
    kind = "not_found"


class ReceiptInvalidError(ClocksError):
    """What was given as a receipt is none."""

    code = "receipt_invalid"


class VersionConflictError(ClocksError):
    """The version that the caller has seen is not the latest any more."""

    code = "version_conflict"
    kind = "conflict"


class CalendarUnknownError(ClocksError):
    """The Policy names a Calendar that is not there; `field` is where it does."""

    code = "calendar_unknown"


class CalendarUnconcernedError(ClocksError):
    """The Policy counts neither on the Calendar that is to be tried nor on one that is made of it."""

    code = "calendar_unconcerned"


class DefaultCalendarUnsetError(ClocksError):
    """The tenant has no default Calendar."""

    code = "default_calendar_unset"
    kind = "not_found"


class EffectiveFromInvalidError(ClocksError):
    """The first version has to hold always, and is given an instant."""

    code = "effective_from_invalid"


class PeriodEmptyError(ClocksError):
    """The period ends before or when it begins."""

    code = "period_empty"


class InstantNaiveError(ClocksError):
    """The instant has no offset from UTC."""

    code = "time_naive"


class TextInvalidError(ClocksError):
    """The text holds what no text in a database can: a NUL, or half of a surrogate pair."""

    code = "text_invalid"


class InstantOutOfBoundsError(ClocksError):
    """The instant lies outside of the years that can be counted."""

    code = "time_out_of_bounds"


class PageTooLargeError(ClocksError):
    """The page is larger than the limit, or holds nothing."""

    code = "page_too_large"


class PlaceInvalidError(ClocksError):
    """The cursor was not given by this service."""

    code = "cursor_invalid"


class AttributeUnfilterableError(ClocksError):
    """No Policy names this attribute as one by which lists are narrowed."""

    code = "attribute_unfilterable"


class SortInvalidError(ClocksError):
    """The order is none in which what is asked for stands."""

    code = "sort_invalid"


class PlanStaleError(ClocksError):
    """What the plan rests on has changed since."""

    code = "plan_stale"
    kind = "conflict"


class TimelineInvalidError(ClocksError):
    """The bytes are no Timeline."""

    code = "timeline_invalid"


class UnsettledError(ClocksError):
    """Others write so much at the same place that this did not get its turn: try again."""

    code = "unsettled"
    kind = "unavailable"
