from __future__ import annotations

import pytest

from pgstore.blocks import load_blocks, parse_blocks
from pgstore.errors import BlocksInvalidError

GOOD = """-- Of notes.

-- name: read_note
-- One note.
SELECT body
FROM notes -- whose?
WHERE note_id = $1;

-- name: count_notes
-- All of them.
SELECT count(*) FROM notes;
"""


def test_blocks_are_found_by_name() -> None:
    """A block is what stands below its two lines, without the last semicolon."""
    blocks = parse_blocks(GOOD, source="notes.sql")
    assert dict(blocks) == {
        "read_note": "SELECT body\nFROM notes -- whose?\nWHERE note_id = $1",
        "count_notes": "SELECT count(*) FROM notes",
    }


def test_blocks_are_read_from_a_package() -> None:
    """The store's own statements load."""
    assert "append" in load_blocks("pgstore", "feed.sql")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT 1;\n", "no block"),
        ("SELECT 1;\n-- name: one\n-- One.\nSELECT 1;\n", "stands before"),
        ("-- name: One\n-- One.\nSELECT 1;\n", "no name for a block"),
        ("-- name: one\nSELECT 1;\n", "lacks the line"),
        ("-- name: one\n-- One.\n", "has no statement"),
        ("-- name: one\n-- One.\nSELECT 1;\n-- name: one\n-- One.\nSELECT 1;\n", "twice"),
    ],
)
def test_a_file_that_is_not_blocks_is_refused(text: str, reason: str) -> None:
    """Each fault of a file is named, with the file."""
    with pytest.raises(BlocksInvalidError, match=f"notes.sql: .*{reason}"):
        parse_blocks(text, source="notes.sql")
