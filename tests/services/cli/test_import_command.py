"""`meantime import servicenow` as a user has it: what it prints, how it ends, and going on when killed."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from cli.access import Access
from tests.processes import wait_until
from tests.services.cli.stacks import clean_environment
from tests.services.cli.test_import_servicenow import export, incidents


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str


async def start(access: Access, folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    """Start an import of a file in the folder."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "import", "servicenow"),
        *(*arguments, "--timezone", "America/Sao_Paulo", "--data", str(folder / "data")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=clean_environment(MEANTIME_URL=access.url, MEANTIME_TOKEN=access.token),
    )


async def run(access: Access, folder: Path, *arguments: str) -> Ended:
    """Run an import to its end."""
    process = await start(access, folder, *arguments)
    out, err = await process.communicate()
    return Ended(code=process.returncode, out=out.decode(), err=err.decode())


async def test_all_is_well(access: Access, tmp_path: Path) -> None:
    """Exit code 0, a count of everything, and nothing left of the progress; again, all is there already."""
    path = export(tmp_path / "incidents.csv", incidents(20))
    first = await run(access, tmp_path, str(path), "--tenant", str(access.tenant))
    assert (first.code, first.out) == (0, "60 rows: 60 events accepted, 0 there already, 0 rows not taken\n")
    assert list((tmp_path / "data" / "imports").iterdir()) == []
    again = await run(access, tmp_path, str(path))
    assert "0 events accepted, 60 there already" in again.out


async def test_bad_rows_have_an_exit_code_and_a_report(access: Access, tmp_path: Path) -> None:
    """Exit code 3, the line and reason on the screen, and all of them in the report."""
    path = export(tmp_path / "incidents.csv", [*incidents(3), ["INC9", "New"]])
    ended = await run(access, tmp_path, str(path), "--bad-rows", str(tmp_path / "bad.csv"))
    assert ended.code == 3
    assert "9 events accepted" in ended.out
    assert "line 11: has 2 fields" in ended.err
    assert (tmp_path / "bad.csv").read_text(encoding="utf-8").splitlines()[1].startswith("11,,bad_row,")


async def test_what_cannot_be_imported_is_one_line(access: Access, tmp_path: Path) -> None:
    """A file that is no export, one that is not there, another tenant's token: one line each, exit code 1."""
    text = tmp_path / "letter.txt"
    text.write_text("Dear Sir or Madam,\n", encoding="utf-8")
    good = export(tmp_path / "incidents.csv", incidents(1))
    for arguments, reason in (
        ([str(text)], "not a ServiceNow export"),
        ([str(tmp_path / "nothing.csv")], "no such file"),
        ([str(good), "--tenant", "somebody-else"], "not of 'somebody-else'"),
        ([str(good), "--token", "mt_x_y"], "key"),
        ([str(good), "--url", "http://127.0.0.1:9/graphql"], "no gateway answers"),
        ([str(good), "--url", "elsewhere"], "is not an address"),
    ):
        ended = await run(access, tmp_path, *arguments)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith("meantime: ")
        assert ended.err.count("\n") == 1
        assert reason in ended.err


async def test_a_killed_import_goes_on(access: Access, tmp_path: Path) -> None:
    """After kill -9 in the middle the same command sends the rest, and every row is accounted for."""
    path = export(tmp_path / "incidents.csv", incidents(6000, updates=4))
    process = await start(access, tmp_path, str(path))
    progress = tmp_path / "data" / "imports"
    await asyncio.to_thread(
        wait_until,
        lambda: any(file.stat().st_size for file in progress.glob("*.jsonl")),
        within_s=60,
        what="the first batch",
    )
    process.kill()
    await process.communicate()
    ended = await run(access, tmp_path, str(path))
    assert ended.code == 0
    assert ended.out.startswith("24,000 rows: ")
    assert "had been sent by an earlier run that was cut off" in ended.out
