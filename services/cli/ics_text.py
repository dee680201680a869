"""Holidays of a file as iCalendar text, for the gateway to read back as the same holidays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.manifest import Manifest, ManifestError

__all__ = ["ics_text"]

_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def ics_text(manifest: Manifest) -> str:
    """Write an event for each of its `holidays`: a date, or a rule and its start. Raises ManifestError."""
    holidays = manifest.document.get("holidays")
    if not isinstance(holidays, list) or len(manifest.document) != 1:
        raise ManifestError(f"{manifest.source}: an IcsSource holds a list of holidays", field="holidays")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Meantime//CLI//EN"]
    for place, holiday in enumerate(holidays):
        try:
            lines += _event(holiday)
        except (KeyError, AttributeError, TypeError):
            field = f"holidays[{place}]"
            raise ManifestError(
                f"{manifest.source}: {field}: is a date with a name, or a rule with from and name",
                field=field,
            ) from None
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(holiday: Mapping[str, Any]) -> Iterator[str]:
    start: str = holiday["from"] if "rule" in holiday else holiday["date"]
    name: str = holiday["name"]
    yield "BEGIN:VEVENT"
    yield f"DTSTART;VALUE=DATE:{start.replace('-', '')}"
    if "rule" in holiday:
        yield f"RRULE:{holiday['rule']}"
    yield f"SUMMARY:{name.translate(_ESCAPES)}"
    yield "END:VEVENT"
