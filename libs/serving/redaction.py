"""Secrets taken out of what is logged, by their name or by their shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["REDACTED", "redact", "redact_text"]

REDACTED = "***"

_SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|api_?key|credential|private_?key", re.IGNORECASE
)
_SHAPES = (
    # scheme://user:password@host, the password up to the last @ that can belong to it
    (
        re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/]*(?=@)", re.IGNORECASE),
        r"\g<keep>" + REDACTED,
    ),
    (
        re.compile(r"(?P<keep>\bauthorization\W{1,4}basic\s+)[\w.~+/=-]+", re.IGNORECASE),
        r"\g<keep>" + REDACTED,
    ),
    (re.compile(r"(?P<keep>\bbearer\s+)[\w.~+/=-]+", re.IGNORECASE), r"\g<keep>" + REDACTED),
    (re.compile(r"(?P<keep>\bmt_[a-z0-9][a-z0-9_-]*_)[0-9a-f]{16,}"), r"\g<keep>" + REDACTED),  # API keys
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]*\.[\w-]*"), REDACTED),
    (
        re.compile(
            r"(?P<keep>\b(?:password|passwd|secret|token|api_?key)['\"]?\s*[=:]\s*)['\"]?[^\s'\",;&]+",
            re.IGNORECASE,
        ),
        r"\g<keep>" + REDACTED,
    ),
)
_MAX_DEPTH = 6


def redact_text(text: str) -> str:
    """Replace what has the shape of a secret: passwords in URLs, bearer tokens, JWTs, `password=…`."""
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def redact(value: Any, *, depth: int = 0) -> Any:
    """Redact texts inside dicts, lists and tuples, and whatever stands under the name of a secret."""
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        return {key: _redact_named(str(key), item, depth) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _MAX_DEPTH:
        return [redact(item, depth=depth + 1) for item in value]
    return redact_text(value if isinstance(value, str) else str(value))


def _redact_named(name: str, value: Any, depth: int) -> Any:
    if _SECRET_NAME.search(name) and value is not None and not isinstance(value, bool):
        return REDACTED
    return redact(value, depth=depth + 1)
