"""Everything that can be followed: the table of contents of the API's live part."""

from __future__ import annotations

from gateway.schema.declare import followed, object_type
from gateway.schema.message import CycleChange, Message, follow_cycles, follow_messages

__all__ = ["Subscription"]


@object_type
class Subscription:
    """What can be followed, over graphql-transport-ws."""

    messages: Message = followed(follow_messages)
    cycle_changed: CycleChange = followed(follow_cycles)
