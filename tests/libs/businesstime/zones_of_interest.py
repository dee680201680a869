"""Zones whose clocks do every kind of thing, and the moments at which they do it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from businesstime import zone

ZONES = (
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Johannesburg",
    "Africa/Juba",
    "Africa/Lagos",
    "Africa/Monrovia",
    "Africa/Windhoek",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Havana",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Nuuk",
    "America/Phoenix",
    "America/Port-au-Prince",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Colombo",
    "Asia/Gaza",
    "Asia/Hong_Kong",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Ulaanbaatar",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Fiji",
    "Pacific/Kwajalein",
    "Pacific/Norfolk",
    "Pacific/Tongatapu",
)


def changes(key: str, first_year: int, last_year: int) -> list[datetime]:
    """Answer the UTC days, from noon to noon, in which the zone's offset changes."""
    tzinfo = zone(key)
    at, found = datetime(first_year, 1, 1, 12, tzinfo=UTC), []
    offset = at.astimezone(tzinfo).utcoffset()
    while at.year <= last_year:
        at += timedelta(days=1)
        now = at.astimezone(tzinfo).utcoffset()
        if now != offset:
            found.append(at - timedelta(days=1))
            offset = now
    return found
