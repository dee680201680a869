"""Who asks, for which tenant, under which request: the first argument of every door."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

__all__ = ["SCOPES", "SERVICE_TENANT", "RequestContext", "Scope", "service_context"]

Scope = Literal["read", "ingest", "calendars", "policies", "agreements", "billing", "admin"]

SCOPES: frozenset[str] = frozenset(get_args(Scope))

SERVICE_TENANT = "*"
"""The tenant of a service that acts for none, as when it follows a feed; no tenant's id can be this."""


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """The caller of one request; built from a credential, never from a request's body.

    tenant_id: the tenant whose rows the request may see; row-level security holds it to that.
    subject: who acts, as written into audits: an API key's id, a user, or a service's name.
    scopes: what the caller may do; a subset of SCOPES.
    request_id: travels through all services and every log line.
    idempotency_key: the caller's key for a mutation, if it gave one.
    """

    tenant_id: str
    subject: str
    scopes: frozenset[str]
    request_id: str
    idempotency_key: str | None = None


def service_context(service: str, *, request_id: str) -> RequestContext:
    """Make the context in which a service asks another for what is no tenant's: feeds."""
    return RequestContext(
        tenant_id=SERVICE_TENANT, subject=f"service:{service}", scopes=frozenset(), request_id=request_id
    )
