"""A Calendar's closures as an iCalendar file (RFC 5545), for those who subscribe to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from hashlib import sha256
from zoneinfo import ZoneInfo

from businesstime import Segment, Timeline, from_us, to_us, zone

__all__ = ["closures_of", "write_ics"]

_MAX_OCTETS = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def closures_of(timeline: Timeline, start: datetime, end: datetime) -> list[Segment]:
    """List what is closed against the weekly rule: holidays, and dates that special hours close whole."""
    place = zone(timeline.schedule.zone)
    return [
        segment
        for segment in timeline.segments_us(to_us(start), to_us(end))
        if not segment.is_open
        and (segment.kind == "holiday" or (segment.kind == "special_hours" and _is_whole(segment, place)))
    ]


def write_ics(closures: Sequence[Segment], *, key: str, name: str, zone_name: str, stamp: datetime) -> str:
    """Write closures as events: whole days as dates of the Calendar's zone, others as instants.

    stamp: when the Calendar was last amended; the same closures and stamp give the same text.
    """
    place = zone(zone_name)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Meantime//Calendars//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{name.translate(_ESCAPES)}",
        f"X-WR-CALNAME:{name.translate(_ESCAPES)}",
        f"X-WR-TIMEZONE:{zone_name}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    for segment in closures:
        lines += _event(segment, key=key, place=place, stamp=stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(segment: Segment, *, key: str, place: ZoneInfo, stamp: datetime) -> list[str]:
    start, end = from_us(segment.start_us), from_us(segment.end_us)
    if _is_whole(segment, place):
        times = [
            f"DTSTART;VALUE=DATE:{start.astimezone(place):%Y%m%d}",
            f"DTEND;VALUE=DATE:{end.astimezone(place):%Y%m%d}",
        ]
    else:
        times = [f"DTSTART:{_instant(start)}", f"DTEND:{_instant(end)}"]
    summary = segment.name or "Closed"
    identity = sha256(f"{key} {segment.start_us} {segment.end_us} {summary}".encode()).hexdigest()[:32]
    return [
        "BEGIN:VEVENT",
        f"UID:{identity}@meantime",
        f"DTSTAMP:{_instant(stamp)}",
        *times,
        f"SUMMARY:{summary.translate(_ESCAPES)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _is_whole(segment: Segment, place: ZoneInfo) -> bool:
    """Say whether a piece of time begins and ends with a local date."""
    return _begins_date(segment.start_us, place) and _begins_date(segment.end_us, place)


def _begins_date(at_us: int, place: ZoneInfo) -> bool:
    at = from_us(at_us)
    midnight = datetime.combine(at.astimezone(place).date(), time(), tzinfo=place)
    return midnight.astimezone(UTC) == at


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> Iterator[str]:
    """Cut a line so that no piece is longer than 75 octets, nor a character cut through."""
    piece, octets = "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _MAX_OCTETS:
            yield piece
            piece, octets = " ", 1
        piece += character
        octets += size
    yield piece
