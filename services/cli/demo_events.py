"""The demo's tickets as events, for the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from businesstime import to_us
from cli.demo_story import Ticket
from cli.events import EventRow
from clocks.domain.event import Event

__all__ = ["demo_events"]


def demo_events(tickets: Iterable[Ticket], *, until: datetime) -> Iterator[EventRow]:
    """Make an event of each update before `until`, in order of time."""
    updates = [
        (update.at, ticket.number, place, update.changes)
        for ticket in tickets
        for place, update in enumerate(ticket.updates)
        if update.at < until
    ]
    updates.sort(key=lambda update: update[:3])
    for line, (at, number, place, changes) in enumerate(updates, start=1):
        event = Event(
            event_id=f"{number}/{place}",
            subject_id=number,
            type="opened" if place == 0 else "updated",
            occurred_at_us=to_us(at),
            sequence=place,
            attributes=changes,
        )
        yield EventRow(line, event)
