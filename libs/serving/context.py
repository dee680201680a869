"""Who asks, for which tenant, under which request: the first argument of every door."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

__all__ = ["SCOPES", "RequestContext", "Scope"]

Scope = Literal["read", "ingest", "calendars", "policies", "agreements", "billing", "admin"]

SCOPES: frozenset[str] = frozenset(get_args(Scope))


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
