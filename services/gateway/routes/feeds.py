"""`/calendars/feeds/<secret>.ics`: a Calendar's closures for those who subscribe; the address opens it."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calendars.contract import Calendars, ReadClosures
from gateway.domain.feed_address import FEED_PATH, read_feed_token
from serving import problems
from serving.context import RequestContext
from serving.problems import Problem
from serving.telemetry import name_tenant

__all__ = ["feed_route"]

HEADERS = {
    "cache-control": "private, max-age=300",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
NOT_FOUND = "feed_unknown"


def feed_route(calendars: Calendars) -> Route:
    """Make the route; an address that opens nothing, for whatever reason, is not there."""

    async def serve(request: Request) -> Response:
        request_id: str = request.scope["request_id"]
        token = read_feed_token(request.path_params["token"])
        if token is None:
            return refuse(request_id)
        tenant_id, secret = token
        context = RequestContext(
            tenant_id=tenant_id, subject="feed", scopes=frozenset(), request_id=request_id
        )
        try:
            closures = await calendars.read_closures(context, ReadClosures(secret=secret))
        except Exception as error:
            document = problems.describe(error)
            if document is None:
                raise
            if document.code == NOT_FOUND:
                return refuse(request_id)
            return problems.answer(document, request_id=request_id)
        name_tenant(tenant_id)
        return answer(request, closures.content, closures.etag)

    return Route(f"{FEED_PATH}{{token}}.ics", serve, methods=["GET"])


def answer(request: Request, content: str, tag: str) -> Response:
    """Answer with the file, or say that it is the one which the caller has."""
    headers = {**HEADERS, "etag": f'"{tag}"'}
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


def refuse(request_id: str) -> Response:
    """Answer that there is no such feed, without repeating the address."""
    document = problems.describe(Problem("there is no such feed", code=NOT_FOUND, kind="not_found"))
    if document is None:
        raise AssertionError("a Problem describes itself")
    return problems.answer(document, request_id=request_id)
