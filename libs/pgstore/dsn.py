"""Database URLs: checked before use, and described without their password."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qs, urlsplit

from pgstore.errors import DatabaseUrlError

__all__ = ["check_dsn", "describe_dsn"]

_SCHEMES = ("postgresql", "postgres")
_SHAPE = "expected postgresql://user:password@host:5432/database, or postgresql://user@/database?host=/socket/folder"


def check_dsn(dsn: str) -> None:
    """Raise DatabaseUrlError if the URL cannot be one of PostgreSQL; the message never quotes it."""
    try:
        parts = urlsplit(dsn.strip())
        port = parts.port
    except ValueError:
        raise DatabaseUrlError(
            f"the database URL cannot be read (is a character of the password not %-encoded?): {_SHAPE}"
        ) from None
    if parts.scheme not in _SCHEMES:
        raise DatabaseUrlError(f"the database URL does not begin with postgresql://: {_SHAPE}")
    if parts.fragment or port == 0:
        raise DatabaseUrlError(f"the database URL has a part that is not %-encoded: {_SHAPE}")
    if not parts.path.strip("/"):
        raise DatabaseUrlError(f"the database URL names no database: {_SHAPE}")


def describe_dsn(dsn: str) -> str:
    """Say which database a URL means, without its password: `postgresql://user@host:5432/database`."""
    try:
        parts = urlsplit(dsn.strip())
        return f"postgresql://{_user(parts)}{_place(parts)}{parts.path}"
    except ValueError:
        return "the database"


def _user(parts: SplitResult) -> str:
    query = parse_qs(parts.query)
    user = parts.username or query.get("user", [""])[0]
    return f"{user}@" if user else ""


def _place(parts: SplitResult) -> str:
    query = parse_qs(parts.query)
    host = parts.hostname or query.get("host", ["localhost"])[0]
    port = parts.port or query.get("port", [""])[0]
    return f"{host}:{port}" if port else host
