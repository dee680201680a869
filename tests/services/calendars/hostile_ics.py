"""Hostile iCalendar files and rules: made to take for ever, to take all memory, or to be misread."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["FILES", "RULES"]

KB = 1024
MB = 1024 * KB


def event(*lines: str) -> str:
    """Write one event."""
    return "\r\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", ""])


def file_of(*parts: str) -> bytes:
    """Write a file."""
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(parts) + "END:VCALENDAR\r\n").encode()


def of_rule(rule: str, *lines: str) -> bytes:
    """Write a file of one recurring event."""
    return file_of(event("DTSTART;VALUE=DATE:20260101", f"RRULE:{rule}", *lines))


RULES = {
    "every second": "FREQ=SECONDLY",
    "every minute": "FREQ=MINUTELY;INTERVAL=1",
    "every hour": "FREQ=HOURLY;BYDAY=MO",
    "no step": "FREQ=DAILY;INTERVAL=0",
    "backward": "FREQ=DAILY;INTERVAL=-1",
    "giant step": "FREQ=DAILY;INTERVAL=99999999999999999999",
    "giant count": "FREQ=DAILY;COUNT=99999999999",
    "count and until": "FREQ=DAILY;COUNT=2;UNTIL=20300101",
    "set position": "FREQ=DAILY;BYSETPOS=366",
    "set positions": "FREQ=YEARLY;BYMONTH=1,2,3;BYDAY=MO,TU;BYSETPOS=" + ",".join(map(str, range(1, 90))),
    "times of day": "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2;BYSECOND=0,1,2,3,4,5",
    "days of the year": "FREQ=YEARLY;BYYEARDAY=" + ",".join(map(str, range(1, 60))),
    "weeks of the year": "FREQ=YEARLY;BYWEEKNO=53",
    "month 13": "FREQ=YEARLY;BYMONTH=13",
    "day 32": "FREQ=MONTHLY;BYMONTHDAY=32",
    "weekday 99": "FREQ=MONTHLY;BYDAY=99MO",
    "unknown part": "FREQ=YEARLY;X-EVERY=1",
    "part twice": "FREQ=YEARLY;FREQ=SECONDLY",
    "no frequency": "INTERVAL=1",
    "long": "FREQ=YEARLY;BYMONTHDAY=" + ",".join(["1"] * 5_000),
    "fullwidth digits": "FREQ=YEARLY;INTERVAL=\uff11",
    "not text": "FREQ=\x00DAILY",
}


def _of_rules() -> Iterator[tuple[str, bytes]]:
    taken = ("every second", "every minute", "every hour", "no step", "backward", "giant step", "giant count")
    for name in (*taken, "set position", "set positions", "times of day", "long"):
        yield f"rule: {name}", of_rule(RULES[name])


FILES: dict[str, bytes] = {
    **dict(_of_rules()),
    "nothing": b"",
    "blanks": b" \r\n" * 10_000,
    "not a calendar": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"0" * 10_000,
    "a page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "XML of many entities": b'<!DOCTYPE l [<!ENTITY a "&b;&b;"><!ENTITY b "ha">]><l>&a;</l>',
    "zip": b"PK\x03\x04" + b"\x00" * 50_000,
    "zeros": b"\x00" * (512 * KB),
    "20 MB line": b"BEGIN:VCALENDAR\r\nX-A:" + b"a" * (20 * MB) + b"\r\nEND:VCALENDAR\r\n",
    "1 MB line": b"BEGIN:VCALENDAR\r\nX-A:" + b"a" * (900 * KB) + b"\r\nEND:VCALENDAR\r\n",
    "1 MB line in folds": b"BEGIN:VCALENDAR\r\nX-A:" + b"\r\n a" * (200 * KB) + b"\r\nEND:VCALENDAR\r\n",
    "50,000 events": file_of(event("DTSTART;VALUE=DATE:20260101") * 50_000),
    "50,000 small events": file_of("BEGIN:VEVENT\nEND:VEVENT\n" * 40_000),
    "5,000 recurring events": file_of(*(event("DTSTART:20260101", "RRULE:FREQ=SECONDLY"),) * 5_001),
    "60 days an event": file_of(
        *(
            event(f"DTSTART:2026{month:02}01", f"SUMMARY:{number}", "DURATION:P60D")
            for month in range(1, 13)
            for number in range(300)
        )
    ),
    "a thousand years": file_of(event("DTSTART;VALUE=DATE:10260101", "DTEND;VALUE=DATE:20260101")),
    "a duration of ages": file_of(event("DTSTART;VALUE=DATE:20260101", "DURATION:P999999999999999D")),
    "an end before its start": file_of(event("DTSTART;VALUE=DATE:20260102", "DTEND;VALUE=DATE:20260101")),
    "day 99": file_of(event("DTSTART;VALUE=DATE:20269999")),
    "a nest": file_of("BEGIN:VEVENT\r\n" * 20_000),
    "a nest of calendars": b"BEGIN:VCALENDAR\r\n" * 20_000 + b"END:VCALENDAR\r\n" * 20_000,
    "never closed": b"BEGIN:VCALENDAR\r\n" + event("DTSTART;VALUE=DATE:20260101").encode(),
    "closed twice": file_of("END:VEVENT\r\n"),
    "crossed": b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\nEND:VEVENT\r\n",
    "a second calendar that is none": file_of() + b"BEGIN:VCARD\r\nEND:VCARD\r\n",
    "UTF-16": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".encode("utf-16"),
    "Latin-1": file_of(event("DTSTART;VALUE=DATE:20260101", "SUMMARY:F")).replace(b":F", b":F\xeate"),
    "overlong UTF-8": file_of().replace(b"VERSION", b"VER\xc0\xafSION"),
    "half a surrogate": file_of().replace(b"2.0", b"\xed\xa0\x80"),
    "control characters": file_of("X-A:\x1b[31m\x07\r\n"),
    "quotes without end": file_of('X-A;B="' + "\\" * 8_000 + ":c\r\n"),
    "a thousand parameters": file_of("DTSTART" + ";X=1" * 40_000 + ":20260101\r\n"),
    "endless exceptions": of_rule("FREQ=DAILY", *("EXDATE:20260102",) * 20_000),
}
