"""Why the clocks refuse something: one class a cause, under one root.

ClocksError
├── PolicyInvalidError            a policy document that says something impossible
│   ├── ConditionInvalidError     an expression that does not compile
│   ├── ConditionNotBooleanError  an expression whose value can never be true or false
│   ├── DurationUnsupportedError  a unit that cannot be counted there
│   └── DefaultCalendarMissingError  no default, of the policy's own or of the tenant
├── EventInvalidError             an event that cannot be a fact
├── EventConflictError            an event under an id that is taken by another
├── ActionRefusedError            a manual action with which the Subject cannot be folded
├── EventsLateError               facts older than what a state has already folded
└── CalendarMissingError          a Calendar that a Cycle needs and nobody gave
"""

from __future__ import annotations

from typing import ClassVar, Literal

__all__ = [
    "ActionRefusedError",
    "CalendarMissingError",
    "ClocksError",
    "ConditionInvalidError",
    "ConditionNotBooleanError",
    "DefaultCalendarMissingError",
    "DurationUnsupportedError",
    "EventConflictError",
    "EventInvalidError",
    "EventsLateError",
    "Kind",
    "PolicyInvalidError",
]

Kind = Literal[
    "invalid", "not_found", "conflict", "forbidden", "unauthenticated", "too_late", "too_many", "unavailable"
]


class ClocksError(Exception):
    """A refusal of the clocks; its text is meant for the caller.

    field: the path of what was wrong, as `metrics.resolution.targets[1].duration`; None where no field is.
    """

    code: ClassVar[str] = "clocks_refused"
    kind: ClassVar[Kind] = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class PolicyInvalidError(ClocksError):
    """A policy document that says something impossible; `field` is the path in the document."""

    code = "policy_invalid"

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason, field=field)
        self.reason = reason


class ConditionInvalidError(PolicyInvalidError):
    """An expression that does not compile, with the place where it goes wrong, counted from 1."""

    code = "condition_invalid"

    def __init__(self, reason: str, *, field: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {reason}", field=field)
        self.line = line
        self.column = column


class ConditionNotBooleanError(PolicyInvalidError):
    """An expression whose value can never be true or false."""

    code = "condition_not_boolean"


class DurationUnsupportedError(PolicyInvalidError):
    """A duration in a unit that cannot be counted there: business days before a due time that pauses move."""

    code = "duration_unsupported"


class DefaultCalendarMissingError(PolicyInvalidError):
    """A policy that names no default Calendar, of a tenant that has none."""

    code = "default_calendar_missing"


class EventInvalidError(ClocksError):
    """An event that cannot be a fact: a field is missing, naive, or out of bounds."""

    code = "event_invalid"

    def __init__(self, reason: str, *, field: str) -> None:
        super().__init__(f"{field}: {reason}", field=field)
        self.reason = reason


class EventConflictError(ClocksError):
    """An event under an id that is taken by an event with other content."""

    code = "event_conflict"
    kind = "conflict"


class ActionRefusedError(ClocksError):
    """A manual action with which the Subject cannot be folded."""

    code = "action_refused"


class EventsLateError(ClocksError):
    """Facts older than what a state has already folded: fold them all again, from nothing."""

    code = "events_late"
    kind = "conflict"


class CalendarMissingError(ClocksError):
    """A Calendar that a Cycle needs and nobody gave."""

    code = "calendar_unknown"
    kind = "not_found"

    def __init__(self, calendar_key: str) -> None:
        super().__init__(f"no Calendar has the key {calendar_key!r}", field="calendars")
        self.calendar_key = calendar_key
