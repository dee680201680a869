"""Settings read from the environment, with errors that name the variable and never quote a secret."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = [
    "MIN_SECRET_LENGTH",
    "SettingError",
    "check_secret",
    "read_number",
    "read_secret",
    "read_url",
    "read_url_or_none",
]

MIN_SECRET_LENGTH = 32
"""Characters; HS256 wants a key at least as long as its hash."""


class SettingError(Exception):
    """A variable of the environment is missing or cannot be used; `variable` names it."""

    code = "setting_invalid"
    kind = "unavailable"

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable} {reason}")
        self.variable = variable
        self.field = variable


def read_url(environ: Mapping[str, str], variable: str, *, schemes: tuple[str, ...]) -> str:
    """Read a URL that must be there and have one of the schemes; raises SettingError."""
    value = environ.get(variable, "").strip()
    if not value:
        raise SettingError(variable, f"is not set: give a URL that begins with {schemes[0]}://")
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if scheme not in schemes:
        raise SettingError(variable, f"must be a URL that begins with {schemes[0]}://")
    return value


def read_url_or_none(environ: Mapping[str, str], variable: str, *, schemes: tuple[str, ...]) -> str | None:
    """Read a URL that may be missing; raises SettingError if it is there and no such URL."""
    return read_url(environ, variable, schemes=schemes) if environ.get(variable, "").strip() else None


def read_secret(environ: Mapping[str, str], variable: str = "MEANTIME_INTERNAL_SECRET") -> str:
    """Read a secret of at least 32 characters; raises SettingError."""
    return check_secret(environ.get(variable, ""), variable)


def check_secret(secret: str, variable: str = "MEANTIME_INTERNAL_SECRET") -> str:
    """Return the secret if it is long enough; raises SettingError, which does not quote it."""
    if not secret:
        raise SettingError(variable, "is not set: openssl rand -hex 32 makes a good one")
    if len(secret) < MIN_SECRET_LENGTH:
        raise SettingError(variable, f"is too short: it must have at least {MIN_SECRET_LENGTH} characters")
    return secret


def read_number(environ: Mapping[str, str], variable: str, *, default: int, least: int, most: int) -> int:
    """Read an integer within bounds, both allowed; raises SettingError."""
    text = environ.get(variable, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingError(variable, f"must be a whole number from {least} to {most}")
    return int(text)
