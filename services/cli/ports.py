"""Which service listens where, and whether it can."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from cli.errors import OptionError, PortInUseError

__all__ = ["FIRST_PORT", "HOST", "check_ports", "open_listener", "ports_from"]

HOST = "127.0.0.1"
FIRST_PORT = 8700

_ORDER = ("gateway", "calendars", "clocks", "credits", "worker")
_HIGHEST_PORT = 65_535
_BACKLOG = 2048


def ports_from(first: int) -> dict[str, int]:
    """Give each service its port: the gateway the first one, the others those after it.

    Raises OptionError.
    """
    if not 0 < first <= _HIGHEST_PORT + 1 - len(_ORDER):
        highest = _HIGHEST_PORT + 1 - len(_ORDER)
        raise OptionError(f"--port is {first}: it must lie between 1 and {highest}", field="--port")
    return {service: first + place for place, service in enumerate(_ORDER)}


def check_ports(ports: Iterable[int], *, host: str = HOST) -> None:
    """Raise PortInUseError if someone else listens on one of the ports."""
    for port in ports:
        open_listener(host, port).close()


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on a port; raises PortInUseError."""
    try:
        return socket.create_server((host, port), backlog=_BACKLOG)
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise PortInUseError(
            f"port {port} of {host} {why}: stop what listens there, or choose others with --port",
            field="--port",
        ) from None
