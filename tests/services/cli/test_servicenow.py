"""The reader of ServiceNow's exports: what a row becomes, and that no row is lost silently."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from businesstime import ZoneUnknownError, from_us
from cli.events import BadRow, EventRow, ExportError
from cli.servicenow import FINAL_COLUMNS, read_servicenow, wall_reader
from clocks.domain.event import Event

ZONE = "America/Sao_Paulo"
HEADER = [
    "number",
    "incident_state",
    "priority",
    "opened_at",
    "sys_updated_at",
    "sys_mod_count",
    "assignment_group",
    "resolved_at",
]
ROW = ["INC1", "New", "3", "29/2/2016 01:16", "29/2/2016 01:23", "0", "56", "5/3/2016 12:00"]


def export(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    """Write an export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def changed(column: str, value: str) -> list[str]:
    """Copy the row with one field of it changed."""
    row = list(ROW)
    row[HEADER.index(column)] = value
    return row


def read(path: Path, columns: Sequence[str] | None = None) -> list[EventRow | BadRow]:
    """Read all of it."""
    return list(read_servicenow(path, zone=ZONE, columns=columns))


def test_a_row_becomes_an_event(tmp_path: Path) -> None:
    """Columns are attributes, times are instants, the final ones are left out, the unknown are null."""
    (row,) = read(export(tmp_path / "e.csv", [changed("assignment_group", "?")]))
    assert row == EventRow(
        2,
        Event(
            event_id="INC1/0/1456719780",
            subject_id="INC1",
            type="updated",
            occurred_at_us=1_456_719_780_000_000,
            sequence=0,
            attributes={
                "number": "INC1",
                "incident_state": "New",
                "priority": "3",
                "opened_at": "2016-02-29T04:16:00Z",
                "sys_updated_at": "2016-02-29T04:23:00Z",
                "sys_mod_count": "0",
                "assignment_group": None,
            },
        ),
    )


def test_final_values_are_not_known_early(tmp_path: Path) -> None:
    """The columns that repeat an incident's last value on every row are no attributes, even if asked for."""
    header = [*HEADER[:-1], *sorted(FINAL_COLUMNS)]
    row = [*ROW[:-1], *("x" for _ in FINAL_COLUMNS)]
    (read_row,) = read(export(tmp_path / "e.csv", [row], header), [*HEADER, *FINAL_COLUMNS])
    assert isinstance(read_row, EventRow)
    assert not FINAL_COLUMNS & read_row.event.attributes.keys()


def test_only_the_columns_that_matter_are_kept(tmp_path: Path) -> None:
    """A reader that knows what a policy reads need not hold the rest."""
    (row,) = read(export(tmp_path / "e.csv", [ROW]), ["priority", "nothing"])
    assert isinstance(row, EventRow)
    assert row.event.attributes == {"priority": "3"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW[:-1], "has 7 fields; the first line has 8"),
        ([*ROW, "more"], "has 9 fields; the first line has 8"),
        (changed("number", "?"), "number: is unknown"),
        (changed("number", ""), "number: is unknown"),
        (changed("sys_mod_count", "-1"), "sys_mod_count: '-1' is no count"),
        (changed("sys_mod_count", "９"), "sys_mod_count: '９' is no count"),  # noqa: RUF001 - a digit, not ours
        (changed("sys_mod_count", "9" * 19), "sys_mod_count: '9999999999999999999' is no count"),
        (changed("sys_mod_count", "9" * 5_000), "sys_mod_count"),
        (changed("sys_updated_at", "?"), "sys_updated_at: '?' is no time"),
        (changed("sys_updated_at", "31/2/2016 10:00"), "sys_updated_at: '31/2/2016 10:00' is no time"),
        (changed("sys_updated_at", "1/2/2016 24:00"), "sys_updated_at: '1/2/2016 24:00' is no time"),
        (changed("opened_at", "2/29/2016 10:00"), "opened_at: '2/29/2016 10:00' is no time"),
        (changed("priority", "x" * 4_001), "attributes.priority: has 4001 characters"),
        (changed("priority", "x" * 200_000), "not CSV: field larger than field limit"),
        (changed("priority", "\x00"), "attributes.priority: holds a NUL"),
    ],
)
def test_a_bad_row_is_reported_and_the_others_are_read(tmp_path: Path, row: list[str], reason: str) -> None:
    """The line and the reason are said; the rows around it are not lost."""
    before, bad, after = read(export(tmp_path / "e.csv", [ROW, row, changed("sys_mod_count", "1")]))
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert reason in bad.reason
    assert isinstance(before, EventRow)
    assert isinstance(after, EventRow)


def test_what_is_not_utf8_is_reported(tmp_path: Path) -> None:
    """A row with bytes of another encoding is a bad row, not a changed one."""
    path = export(tmp_path / "e.csv", [ROW, changed("assignment_group", "plain")])
    path.write_bytes(path.read_bytes().replace(b"plain", b"S\xe3o Paulo"))
    good, bad = read(path)
    assert isinstance(good, EventRow)
    assert isinstance(bad, BadRow)
    assert "UTF-8" in bad.reason


def test_a_line_is_where_a_row_ends(tmp_path: Path) -> None:
    """A quoted field may hold a line break."""
    rows = read(export(tmp_path / "e.csv", [changed("assignment_group", "two\nlines"), ROW]))
    assert [row.line for row in rows] == [3, 4]


def test_an_export_may_be_compressed_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    """Both are how other programs save CSV."""
    plain = export(tmp_path / "e.csv", [ROW])
    packed = tmp_path / "e.csv.gz"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes()))
    assert read(packed) == read(plain)


def no_export(path: Path, content: bytes) -> str:
    """Read a file that is no export, and say how it is refused."""
    path.write_bytes(content)
    with pytest.raises(ExportError) as refused:
        read(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b'{"number": 1}',
        b"a,b,c\n1,2,3\n",
        b"\x7fELF\x00\x01\x02" * 100,
        "число".encode(),
        b'"' * 300_001,
    ],
)
def test_a_file_that_is_no_export_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    """The message names the file and the columns that are missing."""
    assert "not a ServiceNow export: its first line has no number" in no_export(tmp_path / "e.csv", content)


def test_a_broken_archive_is_one_clear_error(tmp_path: Path) -> None:
    """Not gzip at all, and gzip that breaks off."""
    assert "not a whole gzip file" in no_export(tmp_path / "e.csv.gz", b"plain text")
    whole = gzip.compress(export(tmp_path / "e.csv", [ROW] * 1_000).read_bytes(), compresslevel=0)
    assert "not a whole gzip file" in no_export(tmp_path / "e.csv.gz", whole[:-50_000])


def test_a_missing_file_or_zone_is_one_clear_error(tmp_path: Path) -> None:
    """Each is named."""
    with pytest.raises(ExportError, match="there is no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(ExportError, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(ZoneUnknownError, match="Mars"):
        list(read_servicenow(export(tmp_path / "e.csv", [ROW]), zone="Mars/Olympus"))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("29/2/2016 01:16", "2016-02-29T04:16"),
        ("01/03/2016 01:16:30", "2016-03-01T04:16:30"),
        ("2016-03-01 01:16:30", "2016-03-01T04:16:30"),
        ("2016-03-01T01:16", "2016-03-01T04:16"),
        # In 2016 summer time ended on 21 February at 0:00, which made 23:00 to 24:00 of the 20th come twice,
        ("20/2/2016 23:30", "2016-02-21T01:30"),
        ("21/2/2016 00:00", "2016-02-21T03:00"),
        # and began on 16 October at 0:00: 0:00 to 1:00 did not come.
        ("15/10/2016 23:59", "2016-10-16T02:59"),
        ("16/10/2016 00:30", "2016-10-16T03:00"),
        ("16/10/2016 01:00", "2016-10-16T03:00"),
    ],
)
def test_a_wall_time_is_the_first_instant_at_which_the_clock_shows_it_or_later(
    text: str, instant: str
) -> None:
    """In a gap that is the transition, in a repeated hour the earlier of two."""
    found = from_us(wall_reader(ZONE)(text))
    assert found == datetime.fromisoformat(instant).replace(tzinfo=UTC)
