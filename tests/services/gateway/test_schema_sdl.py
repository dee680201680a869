"""The schema that clients see."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.schema.__main__ import main
from gateway.schema.sdl import print_sdl

SDL = Path(__file__).parents[2] / "golden" / "schema.graphql"


def test_sdl_is_the_committed_one() -> None:
    """The committed schema definition is that of the code: a change of the API shows in a review."""
    assert SDL.read_text(encoding="utf-8") == print_sdl(), "run `make generate` and commit the result"


def test_verify_fails_on_a_stale_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`verify` says which file is out of date and what to do; after `generate` it is content."""
    copy = tmp_path / "schema.graphql"
    copy.write_text("type Query { old: String }\n", encoding="utf-8")
    assert main(["verify", str(copy)]) == 1
    assert "make generate" in capsys.readouterr().err
    assert main(["generate", str(copy)]) == 0
    assert main(["verify", str(copy)]) == 0
