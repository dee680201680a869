"""What a command refuses: one line for the user, and an exit code that is not 0.

CliError
├── AlreadyRunningError   another `meantime up` holds the data directory
├── NotRunningError       a command needs a running `meantime up`, or DATABASE_URL
├── OptionError           an option or variable that makes no sense
├── PortInUseError        someone else listens where we should
└── ServerUnreachableError   DATABASE_URL or REDIS_URL leads nowhere
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "AlreadyRunningError",
    "CliError",
    "NotRunningError",
    "OptionError",
    "PortInUseError",
    "ServerUnreachableError",
    "in_options",
]


class CliError(Exception):
    """The root: its message says what is wrong and what to do. field: the option or variable to change."""

    code: str = "command_failed"
    kind: str = "invalid"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class AlreadyRunningError(CliError):
    """Another `meantime up` holds the data directory."""

    code = "already_running"
    kind = "conflict"


class NotRunningError(CliError):
    """There is neither a running `meantime up` nor a DATABASE_URL."""

    code = "not_running"
    kind = "unavailable"


class OptionError(CliError):
    """An option or a variable that makes no sense."""

    code = "option_invalid"


class PortInUseError(CliError):
    """Someone else listens on a port that we need."""

    code = "port_in_use"
    kind = "conflict"


class ServerUnreachableError(CliError):
    """A server that a variable names does not answer."""

    code = "server_unreachable"
    kind = "unavailable"


def in_options(message: str, options: Mapping[str, str]) -> str:
    """Name an option where a message begins with the field of a request that it is sent as."""
    field, separator, rest = message.partition(": ")
    return f"{options.get(field, field)}{separator}{rest}"
