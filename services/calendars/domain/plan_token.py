"""The token of a plan: when the plan was made, and a digest of what was asked and of all that it rests on.

An amendment that comes with the token begins when the plan said it would, however much later it is applied:
what is done is what was shown. A plan that is older than a day is made anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec

from calendars.domain.errors import PlanStaleError

__all__ = ["PLAN_LASTS", "check_token", "planned_at", "write_token"]

PLAN_LASTS = timedelta(days=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_TOKEN = re.compile(r"[0-9a-f]{1,13}-[0-9a-f]{64}")


def write_token(asked: object, facts: Mapping[str, object], *, at: datetime) -> str:
    """Write the token of a plan that is made at an instant."""
    said = msgspec.json.encode([asked, facts, at], order="deterministic")
    return f"{(at - _EPOCH) // _US:x}-{sha256(said).hexdigest()}"


def planned_at(token: str | None, *, now: datetime) -> datetime:
    """Return when a token's plan was made; without a token, now. Raises PlanStaleError."""
    if token is None:
        return now
    if not _TOKEN.fullmatch(token):
        raise _stale("is none of a plan")
    at = _EPOCH + int(token.partition("-")[0], 16) * _US
    if abs(now - at) > PLAN_LASTS:
        raise _stale("the plan was made more than a day ago")
    return at


def check_token(token: str | None, asked: object, facts: Mapping[str, object], *, at: datetime) -> None:
    """Raise PlanStaleError unless there is no token, or its plan still holds."""
    if token is not None and token != write_token(asked, facts, at=at):
        raise _stale("the plan was made for another request, or something that it rests on was amended since")


def _stale(reason: str) -> PlanStaleError:
    return PlanStaleError(f"plan_token: {reason}: plan anew", field="plan_token")
