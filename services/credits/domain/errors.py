"""What the credits service refuses, as one tree.

CreditsError
├── DocumentInvalidError     a field of an agreement document is missing, unknown, or not what it should be
├── TiersInvalidError        tiers leave a gap, overlap, or can never be reached
├── PeriodInvalidError       text that names no period of the Agreement
├── PeriodOpenError          a period that has not ended cannot be closed
├── AgreementUnknownError    no Agreement of that key
├── StatementUnknownError    no Statement of that Agreement and period
├── VersionConflictError     somebody else saved a version first
├── LevelUnmeasurableError   a ServiceLevel whose Measure has no source
└── PageTooLargeError        more rows asked for than a page holds
"""

from __future__ import annotations

from datetime import datetime

__all__ = [
    "AgreementUnknownError",
    "CreditsError",
    "DocumentInvalidError",
    "LevelUnmeasurableError",
    "PageTooLargeError",
    "PeriodInvalidError",
    "PeriodOpenError",
    "StatementUnknownError",
    "TiersInvalidError",
    "VersionConflictError",
]


class CreditsError(Exception):
    """The root; `code` and `kind` are stable, `field` is a path such as `levels[0].objective`."""

    code = "credits_invalid"
    kind = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message if field is None else f"{field}: {message}")
        self.field = field


class DocumentInvalidError(CreditsError):
    """A field of the document is missing, unknown, or has a value that it cannot have."""

    code = "agreement_invalid"

    def __init__(self, message: str, *, field: str, code: str = code) -> None:
        super().__init__(message, field=field)
        self.code = code


class TiersInvalidError(CreditsError):
    """The tiers do not give each missed value exactly one tier; the code says how."""

    def __init__(self, message: str, *, field: str, code: str) -> None:
        super().__init__(message, field=field)
        self.code = code


class PeriodInvalidError(CreditsError):
    """The text names no civil month."""

    code = "period_invalid"

    def __init__(self, label: str) -> None:
        super().__init__(f"{label!r} is not a month (write it as 2016-03)", field="period")


class PeriodOpenError(CreditsError):
    """A period is closed only after it has ended."""

    code = "period_open"
    kind = "conflict"

    def __init__(self, label: str, ends_at: datetime) -> None:
        super().__init__(f"{label} ends at {ends_at.isoformat()} and cannot be closed before", field="period")
        self.ends_at = ends_at


class AgreementUnknownError(CreditsError):
    """The tenant has no Agreement of that key."""

    code = "agreement_unknown"
    kind = "not_found"

    def __init__(self, key: str, *, field: str = "key") -> None:
        super().__init__(f"there is no agreement {key!r}", field=field)


class StatementUnknownError(CreditsError):
    """That period of the Agreement has not been closed."""

    code = "statement_unknown"
    kind = "not_found"

    def __init__(self, key: str, label: str) -> None:
        super().__init__(f"there is no statement of agreement {key!r} for {label!r}", field="period")


class VersionConflictError(CreditsError):
    """The version that the caller saw last is not the latest."""

    code = "version_conflict"
    kind = "conflict"

    def __init__(self, key: str, expected: int, actual: int) -> None:
        super().__init__(
            f"agreement {key!r} is at version {actual}, not {expected}", field="expected_version"
        )
        self.expected = expected
        self.actual = actual


class LevelUnmeasurableError(CreditsError):
    """The clocks service has nothing under the name that the Measure gives."""

    code = "level_unmeasurable"

    def __init__(self, level: str, reason: str) -> None:
        super().__init__(f"level {level!r} cannot be measured: {reason}", field="agreement_key")


class PageTooLargeError(CreditsError):
    """A page holds a bounded number of rows."""

    code = "page_too_large"

    def __init__(self, first: int, most: int) -> None:
        super().__init__(f"{first} is not a page size (1 to {most})", field="first")
