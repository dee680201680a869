"""What can keep an embedded server from running, each with the one line that a user needs.

EmbeddedError
├── WheelMissingError          the binaries are not installed
├── DataDirectoryBrokenError   what lies there is not a complete data directory
├── DataDirectoryForeignError  it belongs to another user, or to another version
├── DataDirectoryBusyError     another server still runs on it
├── IdentityUnavailableError   the server refuses to run as this user, and no other way is allowed
└── ServerFailedError          it ended, or did not come up in time
"""

from __future__ import annotations

__all__ = [
    "DataDirectoryBrokenError",
    "DataDirectoryBusyError",
    "DataDirectoryForeignError",
    "EmbeddedError",
    "IdentityUnavailableError",
    "ServerFailedError",
    "WheelMissingError",
]


class EmbeddedError(Exception):
    """The root: its message is one line that says what is wrong and what to do."""

    code: str = "embedded_failed"
    kind: str = "unavailable"
    field: str | None = None


class WheelMissingError(EmbeddedError):
    """The package that carries a server's binaries is not installed, or not for this platform."""

    code = "wheel_missing"


class DataDirectoryBrokenError(EmbeddedError):
    """The data directory is half-made."""

    code = "data_directory_broken"


class DataDirectoryForeignError(EmbeddedError):
    """The data directory belongs to another user or was made by another version."""

    code = "data_directory_foreign"


class DataDirectoryBusyError(EmbeddedError):
    """A server that is not ours still runs on the data directory."""

    code = "data_directory_busy"


class IdentityUnavailableError(EmbeddedError):
    """The server refuses to run as this user, and the system allows no stand-in."""

    code = "identity_unavailable"


class ServerFailedError(EmbeddedError):
    """A server ended before it was ready, or was not ready in time."""

    code = "server_failed"
