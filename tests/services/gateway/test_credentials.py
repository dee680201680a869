"""Who asks: API keys, and what they open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.app import Gateway
from gateway.domain.api_key import parse_key
from gateway.domain.errors import (
    CredentialInvalidError,
    KeyUnknownError,
    ScopeUnknownError,
    TenantExistsError,
    TenantIdInvalidError,
    TenantUnknownError,
)
from gateway.operations.create_api_key import IssuedKey, create_api_key
from gateway.operations.create_tenant import create_tenant
from gateway.operations.revoke_api_key import revoke_api_key
from tests.services.standing_time import StandingTime

MALFORMED = [
    "",
    "mt_",
    "mt_demo_",
    "mt_demo_" + "0" * 63,
    "mt_DEMO_" + "0" * 64,
    "mt_-_" + "0" * 64,
    "x" * 100_000,
]


@pytest.fixture
async def issued(gateway: Gateway, tenant: str, clock: StandingTime) -> IssuedKey:
    """Make a tenant and a key that reads, for an hour."""
    await create_tenant(gateway.database, tenant_id=tenant, name="Test", now=clock())
    return await create_api_key(
        gateway.database,
        tenant_id=tenant,
        name="reader",
        scopes=["read"],
        created_by="test",
        now=clock(),
        expires_at=clock() + timedelta(hours=1),
    )


async def test_key_names_its_tenant_and_scopes(gateway: Gateway, issued: IssuedKey, tenant: str) -> None:
    """A good key gives the tenant, the scopes and who acts; the request's id goes along."""
    context = await gateway.verify(f"Bearer {issued.token}", "request-1")
    assert context.tenant_id == tenant
    assert context.scopes == {"read"}
    assert context.subject == f"key:{issued.key.key_id}"
    assert context.request_id == "request-1"


async def test_secret_is_not_stored(gateway: Gateway, issued: IssuedKey, tenant: str) -> None:
    """The database holds the hash of a key's secret, and the secret nowhere."""
    async with gateway.database.transaction(tenant) as connection:
        row = await connection.fetchrow("SELECT k::text AS everything, secret_hash FROM api_keys AS k")
    assert row is not None
    assert row["secret_hash"] == parse_key(issued.token).secret_hash
    assert issued.token.rpartition("_")[2] not in row["everything"]


async def test_expired_key_opens_nothing(gateway: Gateway, issued: IssuedKey, clock: StandingTime) -> None:
    """A key opens until its expiry, and not at it."""
    clock.move(timedelta(hours=1) - timedelta(microseconds=1))
    await gateway.verify(f"Bearer {issued.token}", "r")
    clock.move(timedelta(microseconds=1))
    with pytest.raises(CredentialInvalidError):
        await gateway.verify(f"Bearer {issued.token}", "r")


async def test_revoked_key_opens_nothing(
    gateway: Gateway, issued: IssuedKey, tenant: str, clock: StandingTime
) -> None:
    """A revocation holds from the next request on; a second one keeps the first one's time."""
    first = await revoke_api_key(gateway.database, tenant_id=tenant, key_id=issued.key.key_id, now=clock())
    with pytest.raises(CredentialInvalidError):
        await gateway.verify(f"Bearer {issued.token}", "r")
    clock.move(timedelta(minutes=1))
    again = await revoke_api_key(gateway.database, tenant_id=tenant, key_id=issued.key.key_id, now=clock())
    assert again.revoked_at == first.revoked_at


async def test_last_use_is_noted_to_the_minute(
    gateway: Gateway, issued: IssuedKey, tenant: str, clock: StandingTime
) -> None:
    """Use is noted at once, then at most once a minute: reading stays reading."""
    began = clock()
    for seconds, noted in ((0, 0), (59, 0), (60, 60)):
        clock.at = began + timedelta(seconds=seconds)
        await gateway.verify(f"Bearer {issued.token}", "r")
        async with gateway.database.transaction(tenant) as connection:
            last_used_at = await connection.fetchval("SELECT last_used_at FROM api_keys")
        assert last_used_at == began + timedelta(seconds=noted)


async def test_key_of_another_tenant(
    gateway: Gateway, issued: IssuedKey, tenant: str, clock: StandingTime
) -> None:
    """A secret opens its own tenant only: under another tenant's name it is unknown."""
    other = f"{tenant}-other"
    await create_tenant(gateway.database, tenant_id=other, name="Other", now=clock())
    secret = issued.token.rpartition("_")[2]
    with pytest.raises(CredentialInvalidError):
        await gateway.verify(f"Bearer mt_{other}_{secret}", "r")
    with pytest.raises(KeyUnknownError):
        await revoke_api_key(gateway.database, tenant_id=other, key_id=issued.key.key_id, now=clock())
    await gateway.verify(f"Bearer {issued.token}", "r")


@pytest.mark.parametrize("value", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_key(value: str) -> None:
    """What is no key is refused before the database is asked, and is not repeated in the refusal."""
    with pytest.raises(CredentialInvalidError) as caught:
        parse_key(value)
    assert len(value) < 10 or value not in str(caught.value)


def test_tenant_may_hold_underscores() -> None:
    """The last underscore parts tenant and secret, whatever the tenant's id holds."""
    assert parse_key(f"mt_a_b-c_{'0' * 64}").tenant_id == "a_b-c"


async def test_bad_tenants_and_keys(
    gateway: Gateway, issued: IssuedKey, tenant: str, clock: StandingTime
) -> None:
    """A bad id, a tenant that is there or is not, an unknown scope: each is its own error with its field."""
    database, now = gateway.database, clock()

    async def key(tenant_id: str, scopes: list[str]) -> None:
        await create_api_key(database, tenant_id=tenant_id, name="k", scopes=scopes, created_by="t", now=now)

    with pytest.raises(TenantIdInvalidError):
        await create_tenant(database, tenant_id="No Such", name="x", now=now)
    with pytest.raises(TenantExistsError):
        await create_tenant(database, tenant_id=issued.key.tenant_id, name="x", now=now)
    with pytest.raises(TenantUnknownError):
        await key(f"{tenant}-none", ["read"])
    with pytest.raises(ScopeUnknownError, match="wizard"):
        await key(tenant, ["read", "wizard"])
    with pytest.raises(ScopeUnknownError, match="none"):
        await key(tenant, [])
