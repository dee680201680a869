"""Bearer tokens of an identity provider, with its keys on a real server."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import Gateway
from gateway.domain.errors import CredentialInvalidError, IdentityUnavailableError
from gateway.domain.identity import IdentityProvider
from gateway.operations.create_tenant import create_tenant
from gateway.operations.verify_token import Trust
from gateway.settings import Settings
from gateway.upstream.signing_keys import KEEP_S, RETRY_S, SigningKeys
from serving.environment import SettingError
from tests.services.gateway.conftest import SECRET
from tests.services.listening import listening
from tests.services.standing_time import StandingTime

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})


class Provider:
    """An identity provider: serves its public keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [KEY]
        self.asked = 0
        self.away = False
        self.monotonic_s = 1000.0

    async def serve(self, _request: Request) -> Response:
        """Answer the key set."""
        self.asked += 1
        if self.away:
            return Response(status_code=503)
        return JSONResponse(KeySet(list(self.keys)).as_dict(private=False))


@pytest.fixture
def provider() -> Provider:
    """Make a provider."""
    return Provider()


@pytest.fixture
async def trusting(
    gateway: Gateway, provider: Provider, tenant: str, clock: StandingTime
) -> AsyncIterator[Gateway]:
    """Trust the provider, and have a tenant that its tokens name."""
    await create_tenant(gateway.database, tenant_id=tenant, name="Test", now=clock())
    async with signing_keys(provider) as (url, keys):
        described = IdentityProvider(issuer="https://id.example", audience="meantime", jwks_url=url)
        yield Gateway(
            gateway.database,
            now=clock,
            webhooks=gateway.webhooks,
            tail=gateway.tail,
            trust=Trust(described, keys.read),
        )


@asynccontextmanager
async def signing_keys(provider: Provider) -> AsyncIterator[tuple[str, SigningKeys]]:
    """Serve the provider's keys and read them from there."""
    app = Starlette(routes=[Route("/jwks", provider.serve)])
    async with listening(app) as url, aiohttp.ClientSession() as session:
        yield url, SigningKeys(f"{url}/jwks", session, monotonic=lambda: provider.monotonic_s)


def bearer(tenant_id: str, clock: StandingTime, *, key: RSAKey = KEY, **changes: Any) -> str:
    """Sign a token and write the header; a claim of None is left out."""
    now_s = int(clock().timestamp())
    claims = {
        "iss": "https://id.example",
        "aud": "meantime",
        "sub": "ada",
        "tenant": tenant_id,
        "scope": "openid read billing",
        "exp": now_s + 300,
    } | changes
    said = {name: value for name, value in claims.items() if value is not None}
    return "Bearer " + jwt.encode({"alg": "RS256", "kid": key.kid}, said, key)


async def test_good_token(trusting: Gateway, tenant: str, clock: StandingTime) -> None:
    """A token gives tenant, subject and those of its scopes that are ours."""
    context = await trusting.verify(bearer(tenant, clock), "r-1")
    assert (context.tenant_id, context.subject) == (tenant, "user:ada")
    assert context.scopes == {"read", "billing"}
    listed = await trusting.verify(bearer(tenant, clock, scope=["ingest", 7]), "r-1")
    assert listed.scopes == {"ingest"}


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 2**40},
        {"tenant": None},
        {"tenant": 7},
        {"tenant": "No Such"},
        {"tenant": "no-such-tenant"},
        {"sub": None},
        {"key": OTHER_KEY},
    ],
    ids=lambda changes: "no key" if "key" in changes else repr(changes),
)
async def test_bad_token(
    trusting: Gateway, tenant: str, clock: StandingTime, changes: dict[str, Any]
) -> None:
    """Another issuer or audience, no expiry, another time, an unknown tenant or key: not believed."""
    with pytest.raises(CredentialInvalidError):
        await trusting.verify(bearer(tenant, clock, **changes), "r")


async def test_forged_tokens(trusting: Gateway, tenant: str, clock: StandingTime) -> None:
    """Tokens signed with the public key as a secret, unsigned ones, and rubbish are not believed."""
    claims = bearer(tenant, clock).split(".")[1]
    signed_part = in_base64(b'{"alg":"HS256","kid":"one"}') + "." + claims
    mac = hmac.digest(KEY.as_pem(private=False), signed_part.encode(), "sha256")
    confused = f"{signed_part}.{in_base64(mac)}"
    unsigned = in_base64(b'{"alg":"none"}') + "." + claims + "."
    for token in (confused, unsigned, "a.b.c", "rubbish", "x" * 20_000):
        with pytest.raises(CredentialInvalidError):
            await trusting.verify(f"Bearer {token}", "r")


def in_base64(raw: bytes) -> str:
    """Write bytes as tokens do."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_api_keys_go_on(trusting: Gateway, provider: Provider) -> None:
    """With a provider, API keys are still told apart; the provider is not asked about them."""
    with pytest.raises(CredentialInvalidError):
        await trusting.verify("Bearer mt_demo_" + "0" * 64, "r")
    assert provider.asked == 0


async def test_new_key_is_found(
    trusting: Gateway, provider: Provider, tenant: str, clock: StandingTime
) -> None:
    """When the provider changes its keys, the new one is fetched, but not more often than the limit."""
    await trusting.verify(bearer(tenant, clock), "r")
    provider.keys = [OTHER_KEY]
    for _ in range(5):
        with pytest.raises(CredentialInvalidError):
            await trusting.verify(bearer(tenant, clock, key=OTHER_KEY), "r")
    assert provider.asked == 1
    provider.monotonic_s += RETRY_S
    await trusting.verify(bearer(tenant, clock, key=OTHER_KEY), "r")
    assert provider.asked == 2


async def test_provider_away(trusting: Gateway, provider: Provider, tenant: str, clock: StandingTime) -> None:
    """Keys are used while they are kept; after that no token is believed, and the refusal says why."""
    await trusting.verify(bearer(tenant, clock), "r")
    provider.away = True
    provider.monotonic_s += KEEP_S
    await trusting.verify(bearer(tenant, clock), "r")
    provider.monotonic_s += 1
    with pytest.raises(IdentityUnavailableError):
        await trusting.verify(bearer(tenant, clock), "r")


def test_settings_name_what_is_missing() -> None:
    """Half an identity provider is an error that names the variable."""
    environ = {"DATABASE_URL": "postgresql://db/meantime", "MEANTIME_INTERNAL_SECRET": SECRET}
    assert Settings.from_environment(environ).identity_provider is None
    with pytest.raises(SettingError, match="MEANTIME_OIDC_ISSUER"):
        Settings.from_environment(environ | {"MEANTIME_OIDC_JWKS_URL": "https://id.example/jwks"})
