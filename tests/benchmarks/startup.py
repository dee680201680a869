"""How long until ready: from a fresh clone with uv and with pip alone, and warm; and what the stack weighs.

Run as `python -m tests.benchmarks.startup`; `--warm` leaves out the fresh clones, which download all that
they install into caches of their own. Goals: warm under 5 s, the whole stack under 400 MB.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import alive, descendants, wait_until
from tests.services.cli.stacks import clean_environment, free_ports

ROOT = Path(__file__).resolve().parent.parent.parent
WARM_RUNS = 5
SETTLED_AFTER_S = 5
STOPPED_WITHIN_S = 60
IMPORTS = "import gateway.app, calendars.app, clocks.app, credits.app"
UP = [sys.executable, "-P", "-m", "cli", "up"]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="mt-") as name:
        folder = Path(name)
        _print_warm(folder / "data")
        if "--warm" not in sys.argv:
            _print_fresh(folder)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _print_warm(data: Path) -> None:
    command = [*UP, "--data", str(data)]
    with _until_ready(command) as (first_s, _):
        pass
    warm: list[float] = []
    sizes: dict[str, float] = {}
    for _ in range(WARM_RUNS):
        with _until_ready(command) as (ready_s, pid):
            warm.append(ready_s)
            if len(warm) == WARM_RUNS:
                time.sleep(SETTLED_AFTER_S)
                sizes = _sizes_mb(pid)
    warm_s, imports_s = statistics.median(warm), _importing_s()
    _say(f"first start of `meantime up`, which makes the database: {first_s:.1f} s")
    _say(f"warm start: {warm_s:.1f} s (goal: 5), {warm_s / imports_s:.1f} times the import of the services")
    _say(f"memory of the whole stack (PSS): {sum(sizes.values()):.0f} MB (goal: 400)")
    for process, size_mb in sorted(sizes.items(), key=lambda item: -item[1]):
        _say(f"    {size_mb:6.1f} MB  {process}")


def _print_fresh(folder: Path) -> None:
    for tool in ("uv", "pip"):
        uv = shutil.which("uv")
        if tool == "uv" and uv is None:
            _say("from fresh clone to ready with uv: not measured, uv is not on PATH")
            continue
        fresh_s = _fresh_s(folder / tool, tool, uv)
        _say(f"from fresh clone to ready with {tool}, nothing cached: {fresh_s:.0f} s")


def _fresh_s(folder: Path, tool: str, uv: str | None) -> float:
    folder.mkdir()
    path = [str(Path(sys.base_prefix) / "bin"), "/usr/bin", "/bin"]
    if tool == "uv" and uv is not None:
        path.insert(0, str(Path(uv).parent))
    environment = clean_environment(
        PATH=":".join(path), UV_CACHE_DIR=str(folder / "uv"), PIP_CACHE_DIR=str(folder / "pip")
    )
    started_s = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "clone")], check=True)  # noqa: S603, S607
    cloned_s = time.monotonic() - started_s
    command = ["make", "run", f"PYTHON={Path(sys.base_prefix) / 'bin' / 'python3'}"]
    with _until_ready(command, folder=folder / "clone", environment=environment) as (ready_s, _):
        return cloned_s + ready_s


@contextmanager
def _until_ready(
    command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[float, int]]:
    """Run a stack for the block; gives the seconds until it was ready, and its pid."""
    port = free_ports()
    where = [f"ARGS=--port {port}"] if command[0] == "make" else ["--port", str(port)]
    started_s = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own argv
        [*command, *where],
        cwd=folder,
        env=environment or clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Meantime is ready" in line:
            break
    else:
        sys.exit("".join(said))
    ready_s = time.monotonic() - started_s
    try:
        yield ready_s, process.pid
    finally:
        children = descendants(process.pid)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does at Ctrl-C: make and what it runs
        process.communicate(timeout=STOPPED_WITHIN_S)
        wait_until(lambda: not alive(children), what="the end of every process")


def _sizes_mb(pid: int) -> dict[str, float]:
    """Weigh a stack's processes: what each shares with others is shared out among them."""
    sizes: dict[str, float] = {}
    for one in {pid, *descendants(pid)}:
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8")
        pss_kb = int(rollup.partition("\nPss:")[2].split()[0])
        words = Path(f"/proc/{one}/cmdline").read_bytes().decode().split("\0")
        name = (
            " ".join(words[words.index("cli") + 1 :][:2])
            if "cli" in words
            else Path(words[0]).name.split(":")[0]
        )
        sizes[name] = sizes.get(name, 0) + pss_kb / 1024
    return sizes


def _importing_s() -> float:
    started_s = time.monotonic()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)  # noqa: S603 - our own argv
    return time.monotonic() - started_s


if __name__ == "__main__":
    main()
