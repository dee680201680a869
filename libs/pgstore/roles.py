"""The two roles that services act as, neither of which owns a table or passes row-level security."""

from __future__ import annotations

import re

from pgstore.errors import PgstoreError

__all__ = ["APP_ROLE", "DEFINER_ROLE", "check_identifier"]

APP_ROLE = "meantime_app"
"""What every connection of a service acts as: holds grants on tables, owns nothing."""

DEFINER_ROLE = "meantime_definer"
"""Owner of the narrow SECURITY DEFINER functions that look over all tenants; nobody logs in as it."""

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")


def check_identifier(name: str) -> str:
    """Return the name if it may stand in SQL as it is: a-z, 0-9 and _, beginning with a letter."""
    if not _IDENTIFIER.fullmatch(name):
        raise PgstoreError(f"{name!r} is no name for a schema: use a-z, 0-9 and _, beginning with a letter")
    return name
