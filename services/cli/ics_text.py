"""ICS sources in files: a feed, or holidays, which go as iCalendar text and are read back as the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.manifest import Manifest, ManifestError

__all__ = ["ics_text", "source_input"]

_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def source_input(manifest: Manifest) -> dict[str, Any]:
    """Give what a file says of a source as the gateway takes it. Raises ManifestError."""
    named = {"key": manifest.key, "name": manifest.name}
    if "url" not in manifest.document:
        return named | {"content": ics_text(manifest)}
    if extra := sorted(manifest.document.keys() - {"url", "refresh_hours"}):
        raise ManifestError(
            f"{manifest.source}: {extra[0]}: a feed has a url and refresh_hours only", field=extra[0]
        )
    url, hours = manifest.document["url"], manifest.document.get("refresh_hours", 24)
    if not isinstance(url, str):
        raise ManifestError(f"{manifest.source}: url: is a text", field="url")
    if not isinstance(hours, int) or isinstance(hours, bool):
        raise ManifestError(f"{manifest.source}: refresh_hours: is a whole number", field="refresh_hours")
    return named | {"url": url, "refreshHours": hours}


def ics_text(manifest: Manifest) -> str:
    """Write an event for each of its `holidays`: a date, or a rule and its start. Raises ManifestError."""
    holidays = manifest.document.get("holidays")
    if not isinstance(holidays, list) or len(manifest.document) != 1:
        raise ManifestError(
            f"{manifest.source}: an IcsSource holds a list of holidays, or a url", field="holidays"
        )
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
