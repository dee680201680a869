"""The service's HTTP side: its door, its feed, its health."""

from __future__ import annotations

from starlette.routing import Route

from clocks.contract import Clocks
from clocks.service import ClocksService
from serving.door import door_routes
from serving.feeds import feed_route
from serving.health import health_routes
from serving.tokens import InternalTokens

__all__ = ["build_routes"]


def build_routes(service: ClocksService, tokens: InternalTokens) -> list[Route]:
    """Make the routes of a service that is open."""
    return [
        *door_routes(Clocks, service, tokens),
        feed_route(service.feed, tokens),
        *health_routes({"database": service.check_database}, wishes={"redis": service.check_redis}),
    ]
