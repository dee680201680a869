"""Who asks."""

from __future__ import annotations

from datetime import datetime

from gateway.domain import tenant as domain
from gateway.schema.declare import object_type, resolved
from gateway.schema.info import Info
from serving.context import RequestContext

__all__ = ["Viewer", "read_viewer"]


@object_type
class Tenant:
    """Whose rows a request sees; it comes from the credential alone.

    tenant_id: chosen once.
    """

    tenant_id: str
    name: str
    created_at: datetime


async def viewer_tenant(root: RequestContext, info: Info) -> domain.Tenant:
    """Read the tenant of the credential."""
    return await info.context.read_tenant(root.tenant_id)


def viewer_scopes(root: RequestContext) -> list[str]:
    """List what the credential allows, in order of name."""
    return sorted(root.scopes)


@object_type
class Viewer:
    """Who asks, as the credential tells.

    subject: the key or user, as written into audits.
    request_id: of this very request; it stands in every log line about it.
    """

    tenant: Tenant = resolved(viewer_tenant)
    subject: str
    scopes: list[str] = resolved(viewer_scopes)
    request_id: str


async def read_viewer(info: Info) -> RequestContext:
    """Who asks, for which tenant, and what they may do."""
    return info.context.context
