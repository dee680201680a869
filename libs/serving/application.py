"""The Starlette app of a service: the same around every service's routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from serving.access import AccessMiddleware
from serving.problems import answer_http_exception

__all__ = ["build_application"]


def build_application(*, service: str, routes: Sequence[BaseRoute], lifespan: Any = None) -> Starlette:
    """Put routes behind request ids, access log and problem documents; lifespan as Starlette takes it."""
    return Starlette(
        routes=list(routes),
        middleware=[Middleware(AccessMiddleware, service=service)],
        exception_handlers={HTTPException: answer_http_exception},
        lifespan=lifespan,
    )
