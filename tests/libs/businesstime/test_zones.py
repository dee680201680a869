from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from businesstime import (
    TZDATA_VERSION,
    Timeline,
    ZoneDatabase,
    ZoneUnknownError,
    compile_schedule,
    from_us,
    schedule_from_document,
    zone,
)
from businesstime.posix_rule import read_posix_rule
from businesstime.zones import PACKAGED
from tests.libs.businesstime.oracle import us

EVERY_ZONE = files("tzdata").joinpath("zones").read_text("utf-8").split()
WEEK = {"mon-sun": ["09:00-17:00"]}


@pytest.mark.parametrize("part", range(8))
def test_offsets_are_those_of_zoneinfo(part: int) -> None:
    """Every zone of the package has, at any instant of 1850 to 2399, the offset that zoneinfo computes."""
    rng = np.random.default_rng(part)
    for key in EVERY_ZONE[part::8]:
        tzinfo, rules = zone(key), PACKAGED.rules(key)
        at_us = np.concatenate(
            (
                rng.integers(us(datetime(1850, 1, 1, tzinfo=UTC)), us(datetime(2399, 1, 1, tzinfo=UTC)), 60),
                # The seconds around some of its changes.
                rng.choice(rules.instants_s[1:], 20) * 1_000_000 if len(rules.instants_s) > 1 else [0],
            )
        )
        at_us = np.concatenate((at_us, at_us - 1))
        for instant, wall in zip(at_us.tolist(), rules.walls_us(at_us).tolist(), strict=True):
            at = from_us(instant)
            offset = at.astimezone(tzinfo).utcoffset()
            assert timedelta(microseconds=wall - instant) == offset, (key, at)
            assert rules.wall_us(instant) == wall


@pytest.mark.parametrize("part", range(8))
def test_the_edge_is_the_first_instant_that_reads_so_late(part: int) -> None:
    """In every zone, however asked, an edge reads its wall time or later, and nothing before it ever did."""
    rng = np.random.default_rng(part)
    for key in EVERY_ZONE[part::8]:
        rules = PACKAGED.rules(key)
        walls_s = rng.integers(-3_700_000_000, 13_000_000_000, 200)  # 1852 to 2381
        crests = rng.choice(rules.crests_s[:-1], 40) if len(rules.crests_s) > 1 else walls_s[:1]
        walls_s = np.sort(np.concatenate((walls_s, crests, crests - 1, crests + 1)))
        edges = rules.edges_us(walls_s)
        np.testing.assert_array_equal(edges, rules.edges_anyhow_us(walls_s * 1_000_000))
        assert [rules.edge_us(wall) for wall in walls_s.tolist()] == edges.tolist()
        assert (rules.walls_us(edges) >= walls_s * 1_000_000).all()
        for back_us in (1, 1_000_000, 3_600_000_000, 86_400_000_000):
            assert (rules.walls_us(edges - back_us) < walls_s * 1_000_000).all(), key


def test_unknown_zones_are_refused() -> None:
    """A key that is not in the package's list is no zone, whatever lies in its folder."""
    for key in ("", "Nowhere/City", "../zones", "/etc/localtime", "zone.tab", "america/new_york"):
        with pytest.raises(ZoneUnknownError):
            zone(key)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Lodnon", "'Europe/London'"),
        ("America/Sao Paulo", "'America/Sao_Paulo'"),
        ("america/new_york", "'America/New_York'"),
        ("Tokyo", "'Asia/Tokyo'"),
    ],
)
def test_a_misspelt_zone_says_which_is_meant(name: str, meant: str) -> None:
    """By its whole name, in whatever case, or its city alone; what is like none says no more."""
    with pytest.raises(ZoneUnknownError, match=f"is {meant}.* meant"):
        zone(name)
    with pytest.raises(ZoneUnknownError, match=f"is no zone of tzdata {TZDATA_VERSION}$"):
        zone("Mars/Olympus")


def test_the_version_is_readable() -> None:
    """The edition is named as IANA names it."""
    assert TZDATA_VERSION[:4].isdigit()
    assert TZDATA_VERSION[4:].isalpha()
    assert PACKAGED.version == TZDATA_VERSION


def zone_file(footer: str, changes: list[tuple[int, int]], first: int) -> bytes:
    """Write a TZif file of version 2: changes are (instant, offset) in seconds."""
    offsets = [first, *(offset for _, offset in changes)]
    header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
    empty = header + struct.pack(">lbB", 0, 0, 0) + b"LMT\0"
    body = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, len(changes), len(offsets), 4)
    body += struct.pack(f">{len(changes)}q", *(at for at, _ in changes))
    body += bytes(range(1, len(offsets)))
    body += b"".join(struct.pack(">lbB", offset, 0, 0) for offset in offsets) + b"LMT\0"
    return empty + body + b"\n" + footer.encode() + b"\n"


def edition(version: str, content: bytes) -> ZoneDatabase:
    """Answer a database in which one zone has other rules than in the package."""
    packaged = PACKAGED._read
    return ZoneDatabase(version, lambda key: content if key == "America/Sao_Paulo" else packaged(key))


def compiled(key: str, database: ZoneDatabase) -> Timeline:
    """Compile the same hours in a zone of an edition."""
    return compile_schedule(schedule_from_document({"zone": key, "hours": WEEK}), database=database)


def test_answers_change_when_and_only_when_the_rules_do() -> None:
    """An edition with summer time in Brazil again changes answers there, from then on, and nowhere else."""
    change = us(datetime(2027, 10, 17, 3, tzinfo=UTC))
    before = zone_file("<-03>3", [(0, -10_800)], -11_188)
    after = zone_file("<-02>2", [(0, -10_800), (change // 1_000_000, -7_200)], -11_188)
    old, new = edition("2027a", before), edition("2027b", after)
    start, end = us(datetime(2026, 1, 1, tzinfo=UTC)), us(datetime(2029, 1, 1, tzinfo=UTC))
    changed = [compiled("America/Sao_Paulo", each) for each in (old, new)]
    same = [compiled("Europe/Paris", each) for each in (old, new)]
    assert changed[0].open_intervals_us(start, change) == changed[1].open_intervals_us(start, change)
    assert changed[0].open_intervals_us(change, end) != changed[1].open_intervals_us(change, end)
    assert same[0].open_intervals_us(start, end) == same[1].open_intervals_us(start, end)
    assert changed[0].content_key != changed[1].content_key
    assert same[0].content_key != same[1].content_key


@pytest.mark.parametrize(
    "text",
    [
        "EST5EDT,M3.2.0,M11.1.0",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "XXX3YYY,J60/0,J300/25",
        "XXX3YYY,J58/-3,J299/2:30:15",
        "XXX-3YYY,M4.4.4/50,M10.4.4/50",
        "<-03>3",
    ],
)
def test_footers_are_read_as_zoneinfo_reads_them(text: str) -> None:
    """The rule for the years after a file's last change is that of another implementation."""
    content = zone_file(text, [(0, -read_offset(text))], 0)
    theirs = ZoneInfo.from_file(io.BytesIO(content))
    rules = ZoneDatabase("test", lambda _: content).rules("any")
    at = datetime(1970, 1, 2, tzinfo=UTC)
    while at.year < 1990:
        wall = datetime(1970, 1, 1) + timedelta(microseconds=rules.wall_us(us(at)))  # noqa: DTZ001 - of the wall
        assert wall == at.astimezone(theirs).replace(tzinfo=None), at
        at += timedelta(hours=5)


def read_offset(text: str) -> int:
    """Say the standard offset, in seconds west."""
    return -read_posix_rule(text).standard_s
