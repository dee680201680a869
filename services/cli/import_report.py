"""What did not get in, and why: every bad row and refused event, as CSV or as a few lines for the screen."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.errors import OptionError
from cli.importing import Tally

__all__ = ["Rejected", "rejected_rows", "write_report"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Rejected(NamedTuple):
    """A row that is not in: its line, the id of its event where it has one, a code, and the reason."""

    line: int
    event_id: str
    code: str
    reason: str


def rejected_rows(tally: Tally) -> list[Rejected]:
    """List all rows that are not in, in order of line."""
    bad = (Rejected(row.line, "", "bad_row", row.reason) for row in tally.bad_rows)
    refused = (Rejected(one.line, one.event_id, one.code, one.message) for one in tally.refused)
    return sorted([*bad, *refused])


def write_report(path: Path, tally: Tally) -> None:
    """Write them to a CSV file that a spreadsheet may open: no cell is a formula. Raises OptionError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(Rejected._fields)
            table.writerows(map(_cells, rejected_rows(tally)))
    except OSError as error:
        raise OptionError(
            f"--bad-rows: {path} cannot be written ({error.strerror})", field="--bad-rows"
        ) from None


def _cells(row: Rejected) -> Iterator[str]:
    # A name that an incident's reporter chose must not run in the spreadsheet of whoever reads the report.
    return (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in map(str, row))
