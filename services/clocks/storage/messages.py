"""What the clocks service tells others, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from businesstime import from_us
from clocks.domain.standing import BREACH, Notice
from pgstore import outbox
from pgstore.connection import Connection
from serving.nudges import feed_channel

__all__ = ["CALENDARS_CHANNEL", "FEED_CHANNEL", "WORK_CHANNEL", "messages_of", "tell"]

FEED_CHANNEL = feed_channel("clocks")
"""Where followers of this service's feed are nudged."""

WORK_CHANNEL = "meantime:work:clocks"
"""Where the workers are nudged: something is due sooner than they may think, or rules have changed."""

CALENDARS_CHANNEL = feed_channel("calendars")
"""Where the calendars service nudges followers of its feed."""


class _Changed(msgspec.Struct, gc=False):
    """What `cycle.changed` says."""

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    target: str
    revision: int
    due_at: str | None
    phase: str
    outcome: str
    stopped_at: str | None


class _Breached(msgspec.Struct, gc=False):
    """What is said of a Breach."""

    subject_id: str
    policy_key: str
    metric: str
    cycle: int
    target: str
    revision: int
    due_at: str | None
    threshold: str
    generation: int
    at: str | None


def messages_of(notices: Iterable[Notice]) -> Sequence[outbox.Message]:
    """Write a message for each notice, in their order."""
    return [
        outbox.Message(type=notice.type, subject=notice.key.subject_id, payload=_payload(notice))
        for notice in notices
    ]


async def tell(connection: Connection, messages: Sequence[outbox.Message]) -> None:
    """Tell others, in this order, once the transaction is committed."""
    await outbox.append(connection, messages)


def _payload(notice: Notice) -> _Changed | _Breached:
    standing = notice.standing
    about = (*notice.key, standing.target, standing.revision, _written(standing.due_at_us))
    if notice.type == "cycle.changed":
        return _Changed(*about, standing.phase, standing.outcome, _written(standing.stopped_at_us))
    return _Breached(*about, BREACH, standing.generation, _written(notice.at_us))


def _written(at_us: int | None) -> str | None:
    """Write an instant as RFC 3339 with microseconds."""
    return None if at_us is None else from_us(at_us).isoformat(timespec="microseconds")[:-6] + "Z"
