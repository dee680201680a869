"""Messages: what the services said, as those outside get it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.domain.errors import FilterInvalidError
from gateway.domain.tenant import TenantId

__all__ = ["EVERYTHING", "Message", "MessageFilter", "check_filter", "due_at_of", "write_cloud_event"]

MAX_WANTED = 50
MAX_CHARACTERS = 200
SEQUENCE_DIGITS = 20
TYPE = re.compile(r"[a-z_]+(\.[a-z_]+)*")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What one change told.

    position: its place among all messages, which only grows; not without gaps for one tenant.
    message_id: the same however often it is sent. source: the service. subject: the tenant's own id of what
    it is about. payload: a JSON object, by type. created_at: when the change was made.
    """

    tenant_id: TenantId
    position: int
    message_id: uuid.UUID
    source: str
    type: str
    subject: str
    payload: dict[str, Any]
    created_at: datetime


class MessageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are wanted: those that match one value of each field; an empty field wants all.

    types: whole types, or their beginnings up to a dot: `breach` wants `breach.fired`. policies, metrics,
    targets: as in the payload; a message without one is not wanted by a filter that names some.
    """

    types: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def wants(self, type_: str, payload: Mapping[str, Any]) -> bool:
        """Say whether a message is wanted; the same rule stands in `messages_take` as SQL."""
        return (
            (not self.types or any(type_ == it or type_.startswith(f"{it}.") for it in self.types))
            and (not self.policies or payload.get("policy_key") in self.policies)
            and (not self.metrics or payload.get("metric") in self.metrics)
            and (not self.targets or payload.get("target") in self.targets)
        )


EVERYTHING = MessageFilter()


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent 1.0 in JSON, https://github.com/cloudevents/spec, with its extension `sequence`.

    `tenantid` is an extension of ours. Names are lower case and without underscores, as the format asks.
    """

    specversion: str = "1.0"
    id: uuid.UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    sequence: str
    tenantid: str
    data: dict[str, Any]


def write_cloud_event(message: Message) -> bytes:
    """Write a message as a CloudEvent; the same message gives the same bytes.

    The position is the `sequence`, with zeros before it, so that texts order as numbers do.
    """
    event = CloudEvent(
        id=message.message_id,
        source=f"/meantime/{message.source}",
        type=message.type,
        subject=message.subject,
        time=message.created_at,
        sequence=f"{message.position:0{SEQUENCE_DIGITS}}",
        tenantid=message.tenant_id,
        data=message.payload,
    )
    return msgspec.json.encode(event)


def due_at_of(message: Message) -> datetime:
    """Return when the message became true: a threshold's own time, or that of the change."""
    at = message.payload.get("at")
    if not isinstance(at, str):
        return message.created_at
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return message.created_at
    return instant if instant.tzinfo else message.created_at


def check_filter(wanted: MessageFilter) -> MessageFilter:
    """Return the filter if it is a sane one; raises FilterInvalidError."""
    for name in wanted.__struct_fields__:
        values: tuple[str, ...] = getattr(wanted, name)
        if len(values) > MAX_WANTED:
            raise FilterInvalidError(f"{name} names {len(values)}; at most {MAX_WANTED}", field=name)
        for place, value in enumerate(values):
            if not 1 <= len(value) <= MAX_CHARACTERS or "\x00" in value:
                raise FilterInvalidError(
                    f"{name}[{place}] has 1 to {MAX_CHARACTERS} characters", field=f"{name}[{place}]"
                )
    for place, value in enumerate(wanted.types):
        if not TYPE.fullmatch(value):
            raise FilterInvalidError(
                f"types[{place}] is no type of message: write breach.fired, or breach for all that begin so",
                field=f"types[{place}]",
            )
    return wanted
