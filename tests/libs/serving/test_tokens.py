from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from serving.context import RequestContext, service_context
from serving.environment import SettingError
from serving.problems import Problem
from serving.tokens import InternalTokens

from .conftest import NOON, SECRET


def at(instant: datetime, secret: str = SECRET) -> InternalTokens:
    """Make tokens at an instant."""
    return InternalTokens(secret, now=lambda: instant)


def forged(claims: dict[str, Any], header: dict[str, Any] | None = None, secret: str = SECRET) -> str:
    """Sign claims that `mint` would not."""
    times = {"iat": int(NOON.timestamp()), "exp": int(NOON.timestamp()) + 60}
    good = {"aud": "meantime-services", "sub": "s", "tenant": "t", "scopes": [], "request": "r"}
    kept = {name: value for name, value in (times | good | claims).items() if value is not None}
    return jwt.encode(
        {"alg": "HS256", "typ": "meantime-internal+jwt"} | (header or {}), kept, OctKey.import_key(secret)
    )


@pytest.mark.parametrize("key", [None, "key-1"])
def test_a_context_comes_back_as_it_was(
    tokens: InternalTokens, context: RequestContext, key: str | None
) -> None:
    """Tenant, subject, scopes, request id and idempotency key travel in the token."""
    sent = RequestContext(
        tenant_id=context.tenant_id, subject="ada", scopes=context.scopes, request_id="r", idempotency_key=key
    )
    assert tokens.verify(tokens.mint(sent)) == sent


def test_a_service_may_act_for_no_tenant(tokens: InternalTokens) -> None:
    """A service's own context has no scope and a tenant that none can be."""
    read = tokens.verify(tokens.mint(service_context("gateway", request_id="r")))
    assert (read.tenant_id, read.subject, read.scopes) == ("*", "service:gateway", frozenset())


@pytest.mark.parametrize(
    ("after_s", "code"), [(-6, "token_expired"), (-5, None), (0, None), (64, None), (65, "token_expired")]
)
def test_a_token_holds_for_its_time(context: RequestContext, after_s: int, code: str | None) -> None:
    """A minute, and five seconds on either side for clocks that differ."""
    token = at(NOON).mint(context)
    later = at(NOON + timedelta(seconds=after_s))
    if code is None:
        assert later.verify(token) == context
        return
    with pytest.raises(Problem) as refused:
        later.verify(token)
    assert (refused.value.code, refused.value.kind) == (code, "unauthenticated")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "abc",
        "a.b.c",
        forged({}, secret="f" * 32),
        forged({}, header={"typ": "JWT"}),
        forged({"aud": "meantime"}),
        forged({"aud": None}),
        forged({"tenant": None}),
        forged({"scopes": 7}),
        forged({"exp": None}),
        forged({"exp": "tomorrow"}),
        forged({"exp": int(NOON.timestamp()) + 86_400}),
        "eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJ0In0.",
    ],
)
def test_what_is_not_our_token_is_refused(tokens: InternalTokens, token: str) -> None:
    """Another secret, audience, type or algorithm, a missing claim, a long life: none of them is let in."""
    with pytest.raises(Problem) as refused:
        tokens.verify(token)
    assert (refused.value.code, refused.value.kind) == ("token_invalid", "unauthenticated")


def test_unknown_scopes_are_dropped(tokens: InternalTokens) -> None:
    """A newer service's scope gives nothing here."""
    assert tokens.verify(forged({"scopes": ["read", "fly"]})).scopes == {"read"}


@pytest.mark.parametrize(("secret", "reason"), [("", "is not set"), ("x" * 31, "is too short")])
def test_a_weak_secret_is_refused(secret: str, reason: str) -> None:
    """A missing or short secret is told with the variable that holds it, and not quoted."""
    with pytest.raises(SettingError, match=f"MEANTIME_INTERNAL_SECRET {reason}") as refused:
        at(NOON, secret)
    assert "xxx" not in str(refused.value)
