"""What the tests of clocks tell: one Calendar, one Policy, and events on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from clocks.contract import EventRecord

__all__ = ["OFFICE", "SUPPORT", "at", "event"]

OFFICE: dict[str, Any] = {"zone": "Etc/UTC", "hours": {"mon-fri": ["09:00-17:00"]}}

SUPPORT: dict[str, Any] = {
    "name": "Support",
    "calendars": {"default": "office"},
    "metrics": {
        "resolution": {
            "start": "true",
            "pause": 'subject.state == "waiting"',
            "stop": 'subject.state == "solved"',
            "cancel": 'event.type == "deleted"',
            "targets": [
                {"name": "P1", "when": 'subject.priority == "1"', "duration": "4h", "warnings": ["75%"]},
                {"name": "P2", "when": "true", "duration": "8h", "warnings": ["50%", "30m"]},
            ],
        }
    },
}


def at(text: str) -> datetime:
    """Read `2026-03-02T09:00` as an instant in UTC."""
    return datetime.fromisoformat(f"{text}+00:00")


def event(event_id: str, subject_id: str, occurred_at: str, **attributes: Any) -> EventRecord:
    """Make an event; `sequence` and `type` are the event's own, the rest are attributes."""
    return EventRecord(
        event_id=event_id,
        subject_id=subject_id,
        occurred_at=at(occurred_at),
        type=attributes.pop("type", "updated"),
        sequence=attributes.pop("sequence", 0),
        attributes=attributes,
    )
