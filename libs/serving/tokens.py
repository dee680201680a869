"""The token with which services know one another: signed, short-lived, and carrying who asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from serving.context import SCOPES, RequestContext
from serving.environment import check_secret
from serving.problems import Problem

__all__ = ["InternalTokens"]

_ALGORITHM = "HS256"
_TYPE = "meantime-internal+jwt"
_AUDIENCE = "meantime-services"
_LEEWAY_S = 5
_MAX_TTL_S = 600


class InternalTokens:
    """Mints and verifies tokens between services that share a secret; `now` is the source of the time.

    Raises SettingError for a secret of under 32 characters.
    """

    def __init__(self, secret: str, *, now: Callable[[], datetime]) -> None:
        check_secret(secret)
        self._key = OctKey.import_key(secret)
        self._now = now

    def mint(self, context: RequestContext, ttl_s: int = 60) -> str:
        """Sign a context for `ttl_s` seconds."""
        issued_at = int(self._now().timestamp())
        claims: dict[str, Any] = {
            "aud": _AUDIENCE,
            "iat": issued_at,
            "exp": issued_at + min(ttl_s, _MAX_TTL_S),
            "sub": context.subject,
            "tenant": context.tenant_id,
            "scopes": sorted(context.scopes),
            "request": context.request_id,
        }
        if context.idempotency_key is not None:
            claims["idempotency"] = context.idempotency_key
        return jwt.encode({"alg": _ALGORITHM, "typ": _TYPE}, claims, self._key, algorithms=[_ALGORITHM])

    def verify(self, token: str) -> RequestContext:
        """Read the context back; raises an unauthenticated Problem unless the token is ours and fresh."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
        except (JoseError, ValueError) as error:
            raise _refusal("token_invalid", "the token of the calling service is not valid") from error
        if decoded.header.get("typ") != _TYPE or decoded.claims.get("aud") != _AUDIENCE:
            raise _refusal("token_invalid", "the token is not one between services")
        self._check_age(decoded.claims)
        return _context(decoded.claims)

    def _check_age(self, claims: dict[str, Any]) -> None:
        now_s = self._now().timestamp()
        issued_at, expires_at = claims.get("iat"), claims.get("exp")
        if not isinstance(issued_at, int) or not isinstance(expires_at, int):
            raise _refusal("token_invalid", "the token of the calling service has no times")
        if not issued_at - _LEEWAY_S <= now_s < expires_at + _LEEWAY_S:
            raise _refusal("token_expired", "the token of the calling service is not of this time")
        if expires_at - issued_at > _MAX_TTL_S:
            raise _refusal("token_invalid", "the token of the calling service lives too long")


def _context(claims: dict[str, Any]) -> RequestContext:
    try:
        return RequestContext(
            tenant_id=str(claims["tenant"]),
            subject=str(claims["sub"]),
            scopes=frozenset(claims["scopes"]) & SCOPES,
            request_id=str(claims["request"]),
            idempotency_key=claims.get("idempotency"),
        )
    except (KeyError, TypeError) as error:
        raise _refusal("token_invalid", "the token of the calling service lacks a claim") from error


def _refusal(code: str, message: str) -> Problem:
    return Problem(message, code=code, kind="unauthenticated")
