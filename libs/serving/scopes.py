"""What a caller may do: the first line of each call of a service."""

from __future__ import annotations

from serving.context import RequestContext, Scope
from serving.problems import Problem

__all__ = ["require"]


def require(context: RequestContext, scope: Scope) -> None:
    """Raise a forbidden Problem unless the caller holds the scope; `admin` stands for no other scope."""
    if scope not in context.scopes:
        raise Problem(f"this needs the scope {scope}", code="scope_missing", kind="forbidden")
