"""The data directory's facts: who runs on it, where, and with which secrets; for commands beside `up`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cli.errors import AlreadyRunningError, NotRunningError, OptionError

__all__ = ["DATA_DIRECTORY", "Runtime", "database_url", "held", "is_held", "read_runtime", "write_runtime"]

DATA_DIRECTORY = Path(".data")

_FACTS = "runtime.json"
_LOCK = "up.lock"


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """What `meantime up` runs with; the file is for its owner alone, since it holds secrets.

    pid: of the supervisor. token: an API key of the tenant `tenant`. internal_secret: signs the tokens
    between services. ports: by name of a service.
    """

    pid: int
    database_url: str
    redis_url: str
    gateway_url: str
    tenant: str
    token: str
    internal_secret: str
    ports: dict[str, int]


def read_runtime(data: Path) -> Runtime | None:
    """Read the facts of the last `up`, or None where there are none that can be read."""
    try:
        return msgspec.json.decode((data / _FACTS).read_bytes(), type=Runtime)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_runtime(data: Path, runtime: Runtime) -> None:
    """Write the facts, whole or not at all, with mode 600."""
    new = data / f"{_FACTS}.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(runtime), indent=2) + b"\n")
    new.replace(data / _FACTS)


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Make the data directory if need be and hold it alone; the hold ends with this process, however it ends.

    Raises AlreadyRunningError, OptionError.
    """
    try:
        # Open for passage: a PostgreSQL that must run as another user has to reach its own folder.
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = (data / _LOCK).open("a", encoding="ascii")
    except OSError as error:
        raise OptionError(
            f"{data} cannot be used ({error.strerror}): choose another --data", field="--data"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            runtime = read_runtime(data)
            who = f" (pid {runtime.pid}, {runtime.gateway_url})" if runtime else ""
            raise AlreadyRunningError(
                f"another `meantime up`{who} runs on {data}: stop it, or choose another --data and --port"
            ) from None
        yield


def is_held(data: Path) -> bool:
    """Whether a `meantime up` runs on the data directory."""
    try:
        with (data / _LOCK).open("a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def database_url(data: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Answer DATABASE_URL, or the database of the `meantime up` that runs on the data directory.

    Raises NotRunningError where there is neither.
    """
    if named := environ.get("DATABASE_URL"):
        return named
    runtime = read_runtime(data) if is_held(data) else None
    if runtime is None:
        raise NotRunningError(
            f"no `meantime up` runs on {data}: start it with `make run`, name its data directory with"
            " --data, or set DATABASE_URL"
        )
    return runtime.database_url
