"""Folders of sockets: closed, short, and ours."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from embedded.errors import EmbeddedError
from embedded.sockets import LONGEST_SOCKET_PATH, socket_directory


def test_sockets_lie_in_the_data_directory(tmp_path: Path) -> None:
    """A folder for one server, closed to others."""
    folder = socket_directory(tmp_path, name="valkey")
    assert folder == tmp_path / "run-valkey"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_long_path_gets_a_short_folder(tmp_path: Path) -> None:
    """The kernel's limit is kept by another folder, which the next run finds again."""
    data = tmp_path / ("x" * 100)
    folder = socket_directory(data, name="postgres")
    assert len(str(folder / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH
    assert folder == socket_directory(data, name="postgres")
    assert folder != socket_directory(data, name="valkey")
    for name in ("postgres", "valkey"):
        socket_directory(data, name=name).rmdir()


def test_an_open_folder_is_refused(tmp_path: Path) -> None:
    """A folder that others may enter is not taken over, and its mode not changed."""
    (tmp_path / "run-valkey").mkdir(mode=0o755)
    with pytest.raises(EmbeddedError, match="not a folder of ours with mode 700"):
        socket_directory(tmp_path, name="valkey")
    assert stat.S_IMODE((tmp_path / "run-valkey").stat().st_mode) == 0o755


def test_a_link_is_refused(tmp_path: Path) -> None:
    """A link that someone has put there is not followed."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "run-valkey").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedError, match="not a folder of ours"):
        socket_directory(tmp_path, name="valkey")
