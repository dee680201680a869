"""The processes that serve: one for everything but the worker, or one for each service."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Mapping
from functools import partial

from cli.ports import HOST
from cli.servers import Urls
from embedded.command import Command

__all__ = ["service_commands"]

_DOORS = ("calendars", "clocks", "credits")
_READY_WITHIN_S = 60.0
_PROBE_TIMEOUT_S = 2.0
_HTTP_OK = 200


def service_commands(urls: Urls, ports: Mapping[str, int], secret: str, *, split: bool) -> list[Command]:
    """Describe the processes; `ports` names each service's, `secret` signs the tokens between them."""
    environment = {
        "DATABASE_URL": urls.database,
        "REDIS_URL": urls.redis,
        "MEANTIME_INTERNAL_SECRET": secret,
        "PYTHONUNBUFFERED": "1",
        **{f"{door.upper()}_URL": f"http://{HOST}:{ports[door]}" if split else "" for door in _DOORS},
    }
    groups = [[door] for door in ("gateway", *_DOORS)] if split else [["gateway", *_DOORS]]
    return [_command(targets, ports, environment) for targets in (*groups, ["worker"])]


def _command(targets: list[str], ports: Mapping[str, int], environment: Mapping[str, str]) -> Command:
    first_port, port = str(ports["gateway"]), ports[targets[0]]
    return Command(
        name=targets[0],
        argv=[sys.executable, "-P", "-m", "cli", "serve", *targets, "--port", first_port],
        environment=environment,
        is_ready=partial(_answers, port),
        ready_within_s=_READY_WITHIN_S,
    )


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == _HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
