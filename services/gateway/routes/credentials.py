"""Who asks: the one place where a request becomes a RequestContext."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from gateway.operations.verify_credential import Opened
from gateway.upstream.session import Session
from serving import problems
from serving.context import RequestContext

__all__ = ["OpenCredential", "OpenSession", "Verify", "refuse_credential"]

Verify = Callable[[str | None, str], Awaitable[RequestContext]]
"""Takes the Authorization header and the request's id; raises an error of kind unauthenticated."""


OpenCredential = Callable[[str | None, str], Awaitable[Opened]]
"""As Verify, and says until when the credential is good."""

OpenSession = Callable[[RequestContext], Session]
"""Makes the surroundings of one request."""


def refuse_credential(request: Request, error: Exception) -> Response:
    """Answer a request without a good credential: a problem document and how to authenticate."""
    document = problems.describe(error)
    if document is None:
        raise error
    response = problems.answer(document, request_id=request.scope["request_id"])
    if document.kind == "unauthenticated":
        response.headers["www-authenticate"] = 'Bearer realm="meantime"'
    return response
