"""Tenants: whose rows they are. A tenant's id is chosen once and stands first in every key."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NewType

import msgspec

from gateway.domain.errors import TenantIdInvalidError

__all__ = ["Tenant", "TenantId", "parse_tenant_id"]

TenantId = NewType("TenantId", str)

TENANT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One customer of this installation.

    tenant_id: its id. name: for people. created_at: when it was made.
    """

    tenant_id: TenantId
    name: str
    created_at: datetime


def parse_tenant_id(value: str) -> TenantId:
    """Check a tenant's id; raises TenantIdInvalidError."""
    if not TENANT_ID.fullmatch(value):
        raise TenantIdInvalidError(
            f"tenant id {value[:80]!r}: use 1 to 63 of a-z, 0-9, '_' and '-', with a letter or digit first",
            field="tenant_id",
        )
    return TenantId(value)
