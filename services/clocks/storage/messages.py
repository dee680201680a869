"""What the clocks service tells others, written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from businesstime import from_us
from clocks.domain.standing import Notice
from pgstore import outbox
from pgstore.connection import Connection
from serving.nudges import feed_channel

__all__ = ["CALENDARS_CHANNEL", "FEED_CHANNEL", "WORK_CHANNEL", "tell"]

FEED_CHANNEL = feed_channel("clocks")
"""Where followers of this service's feed are nudged."""

WORK_CHANNEL = "meantime:work:clocks"
"""Where the workers are nudged: something is due sooner than they may think, or rules have changed."""

CALENDARS_CHANNEL = feed_channel("calendars")
"""Where the calendars service nudges followers of its feed."""


async def tell(connection: Connection, notices: Iterable[Notice]) -> None:
    """Write a message for each notice, in their order."""
    await outbox.append(
        connection,
        [
            outbox.Message(type=notice.type, subject=notice.key.subject_id, payload=_payload(notice))
            for notice in notices
        ],
    )


def _payload(notice: Notice) -> dict[str, Any]:
    key, standing = notice.key, notice.standing
    payload = {
        "subject_id": key.subject_id,
        "policy_key": key.policy_key,
        "metric": key.metric,
        "cycle": key.cycle,
        "target": standing.target,
        "revision": standing.revision,
        "due_at": _written(standing.due_at_us),
    }
    if notice.type == "cycle.changed":
        return payload | {
            "phase": standing.phase,
            "outcome": standing.outcome,
            "stopped_at": _written(standing.stopped_at_us),
        }
    return payload | {
        "threshold": "breach",
        "generation": standing.generation,
        "at": _written(notice.at_us),
    }


def _written(at_us: int | None) -> str | None:
    """Write an instant as RFC 3339 with microseconds."""
    if at_us is None:
        return None
    return from_us(at_us).isoformat(timespec="microseconds").replace("+00:00", "Z")
