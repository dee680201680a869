"""Which service listens where, and whether it can."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from cli.errors import OptionError, PortInUseError

__all__ = ["FIRST_PORT", "HOST", "check_ports", "ports_from"]

HOST = "127.0.0.1"
FIRST_PORT = 8700

_ORDER = ("gateway", "calendars", "clocks", "credits", "worker")
_HIGHEST_PORT = 65_535


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
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
            except OSError as error:
                why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
                raise PortInUseError(
                    f"port {port} of {host} {why}: stop what listens there, or choose others with --port",
                    field="--port",
                ) from None
