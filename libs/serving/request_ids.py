"""Request ids: taken from the caller if sane, else made here."""

from __future__ import annotations

import re
import secrets

import structlog

__all__ = ["HEADER", "accept_request_id", "current_request_id", "new_request_id"]

HEADER = "x-request-id"

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def accept_request_id(offered: str | None) -> str:
    """Take a caller's id if it is 1 to 64 plain characters, fit for any log; else make one."""
    if offered and _SANE.fullmatch(offered):
        return offered
    return new_request_id()


def new_request_id() -> str:
    """Make an id that no other request has: 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def current_request_id() -> str:
    """Return the id of the request, or of the loop's step, that runs; make one where none does."""
    return str(structlog.contextvars.get_contextvars().get("request_id") or new_request_id())
