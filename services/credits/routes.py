"""The HTTP face of the credits service, for the other services: its door, its feed, its health."""

from __future__ import annotations

from starlette.routing import BaseRoute

from credits.contract import Credits
from credits.service import CreditsService
from pgstore.feed import DatabaseFeed
from serving.door import door_routes
from serving.feeds import feed_route
from serving.health import health_routes
from serving.tokens import InternalTokens

__all__ = ["credits_routes"]


def credits_routes(service: CreditsService, tokens: InternalTokens) -> list[BaseRoute]:
    """Make every route of the service."""
    return [
        *door_routes(Credits, service, tokens),
        feed_route(DatabaseFeed(service.database), tokens),
        *health_routes({"database": service.database.ping}),
    ]
