"""The service's HTTP side: its door, its feed, its health."""

from __future__ import annotations

from starlette.routing import Route

from credits.contract import Credits
from credits.service import CreditsService
from serving.door import door_routes
from serving.feeds import feed_route
from serving.health import health_routes
from serving.tokens import InternalTokens

__all__ = ["build_routes"]


def build_routes(service: CreditsService, tokens: InternalTokens) -> list[Route]:
    """Make the routes of a service that is open."""
    return [
        *door_routes(Credits, service, tokens),
        feed_route(service.feed, tokens),
        *health_routes({"database": service.check_database}),
    ]
