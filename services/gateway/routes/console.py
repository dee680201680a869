"""The console: a page and its files, which ask through the same GraphQL door as anyone."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.files import ConsoleFile, read_files

__all__ = ["console_routes"]

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def console_routes() -> list[BaseRoute]:
    """Make a route for each file of the console; the page itself is at `/`."""
    return [console_route(file) for file in read_files()]


def console_route(file: ConsoleFile) -> Route:
    """Serve one file, held in memory; the browser asks again with its tag, so a new version shows at once."""
    headers = {**SECURITY_HEADERS, "cache-control": "no-cache", "etag": file.etag}

    async def serve(request: Request) -> Response:
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, media_type=file.media_type, headers=headers)

    return Route(file.path, serve, methods=["GET"])
