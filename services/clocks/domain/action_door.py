"""Manual actions as they cross the door."""

from __future__ import annotations

from datetime import datetime

import msgspec

from clocks.domain.action import ActionKind

__all__ = ["ActOnClock", "ActionReceipt"]


class ActOnClock(msgspec.Struct, frozen=True, kw_only=True):
    """A manual action on the Clocks of a Subject, of one Policy and Metric or of all.

    start, end: the time to exclude. target, or duration: what to promise instead. revokes: the event_id of
    the action to take back. occurred_at: None: now. event_id: of the event written; None: one is made.
    """

    subject_id: str
    action: ActionKind
    reason: str
    policy_key: str | None = None
    metric: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    target: str | None = None
    duration: str | None = None
    revokes: str | None = None
    occurred_at: datetime | None = None
    event_id: str | None = None


class ActionReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The event that an action was written as; with its event_id it can be revoked."""

    event_id: str
    occurred_at: datetime
