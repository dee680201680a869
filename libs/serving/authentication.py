"""Who calls: the internal token of a request, read into its context."""

from __future__ import annotations

from starlette.requests import Request

from serving.context import SERVICE_TENANT, RequestContext
from serving.problems import Problem
from serving.telemetry import name_tenant
from serving.tokens import InternalTokens

__all__ = ["authenticate", "authenticate_service"]


def authenticate(request: Request, tokens: InternalTokens) -> RequestContext:
    """Read the bearer token of a request between services; raises an unauthenticated Problem."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(
            "a bearer token between services is needed", code="token_missing", kind="unauthenticated"
        )
    context = tokens.verify(token.strip())
    name_tenant(context.tenant_id)
    return context


def authenticate_service(request: Request, tokens: InternalTokens) -> RequestContext:
    """Like `authenticate`, for what only services may ask: the token acts for no tenant."""
    context = authenticate(request, tokens)
    if context.tenant_id != SERVICE_TENANT:
        raise Problem("only services may ask this", code="service_only", kind="forbidden")
    return context
