"""A service's feed over HTTP, and the client that reads it as if it were in process."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgstore.feed import Feed, FeedCursor, FeedPage, followed_by, parse_cursor
from serving.authentication import authenticate_service
from serving.client import DoorClient
from serving.context import service_context
from serving.door import guarded
from serving.problems import Problem
from serving.request_ids import current_request_id
from serving.tokens import InternalTokens

__all__ = ["MAX_LIMIT", "FeedClient", "feed_route"]

MAX_LIMIT = 1000
_DEFAULT_LIMIT = 200


def feed_route(feed: Feed, tokens: InternalTokens) -> Route:
    """Make `GET /feed?after=<cursor>&limit=<1 to 1000>`, for services only: the messages of all tenants."""
    followed: dict[str, Feed] = {}  # by a service's signed name, so there are few

    async def serve(request: Request) -> Response:
        follower = authenticate_service(request, tokens).subject.removeprefix("service:")
        after = request.query_params.get("after")
        named = followed.setdefault(follower, followed_by(feed, follower))
        page = await named.read(parse_cursor(after) if after else None, _limit(request))
        return Response(msgspec.json.encode(page), media_type="application/json")

    return Route("/feed", guarded(serve), methods=["GET"])


class FeedClient:
    """The Feed of another service, asked for in the name of `follower`."""

    def __init__(self, door: DoorClient, *, follower: str) -> None:
        self._door = door
        self._follower = follower

    async def read(self, after: FeedCursor | None, limit: int) -> FeedPage:
        """Read at most `limit` messages after a cursor; raises a Problem."""
        parameters = {"limit": str(limit)} | ({"after": str(after)} if after else {})
        context = service_context(self._follower, request_id=current_request_id())
        return await self._door.get(context, "/feed", parameters, FeedPage)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(_DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_LIMIT):
        raise Problem(f"limit must be 1 to {MAX_LIMIT}", code="limit_invalid", kind="invalid", field="limit")
    return int(text)
