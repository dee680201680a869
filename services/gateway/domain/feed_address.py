"""Addresses of closure feeds: the tenant, whose rows are looked into, and the secret that opens one."""

from __future__ import annotations

import re

from gateway.domain.tenant import TENANT_ID

__all__ = ["FEED_PATH", "read_feed_token", "write_feed_path"]

FEED_PATH = "/calendars/feeds/"

_TOKEN = re.compile(rf"({TENANT_ID.pattern})\.([A-Za-z0-9_-]{{43}})")


def write_feed_path(tenant_id: str, secret: str) -> str:
    """Return the path of a feed."""
    return f"{FEED_PATH}{tenant_id}.{secret}.ics"


def read_feed_token(token: str) -> tuple[str, str] | None:
    """Return the tenant and the secret in a path, neither believed yet; None for text that is no address."""
    found = _TOKEN.fullmatch(token)
    return None if found is None else (found[1], found[2])
