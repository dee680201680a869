"""Where the gateway is and which token opens it: options, the environment, or the running `meantime up`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cli.errors import OptionError
from cli.runtime import Runtime, read_runtime

__all__ = ["DEFAULT_URL", "Access", "find_access"]

DEFAULT_URL = "http://127.0.0.1:8700/graphql"


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a gateway.

    url: of its GraphQL. token: an API key. tenant: whose the token must be; None: whoever's it is.
    """

    url: str
    token: str = field(repr=False)
    tenant: str | None


def find_access(
    *, tenant: str | None, url: str | None, token: str | None, data: Path, environ: Mapping[str, str]
) -> Access:
    """Take what is given, else MEANTIME_URL and MEANTIME_TOKEN, else what `meantime up` has left in `data`.

    Without a tenant, it is that of `meantime up`'s token when that one is used. Raises OptionError when there
    is no token, or the address is none.
    """
    runtime = read_runtime(data)
    address = url or environ.get("MEANTIME_URL") or (runtime and f"{runtime.gateway_url}/graphql")
    key = token or environ.get("MEANTIME_TOKEN")
    if not key:
        key = _own_token(runtime, tenant, data)
        tenant = tenant or (runtime.tenant if runtime else None)
    return Access(url=_check_url(address or DEFAULT_URL), token=key, tenant=tenant)


def _own_token(runtime: Runtime | None, tenant: str | None, data: Path) -> str:
    if runtime is None:
        raise OptionError(
            f"there is no token: give --token or MEANTIME_TOKEN (no `meantime up` has left one in {data})",
            field="--token",
        )
    if tenant not in {None, runtime.tenant}:
        raise OptionError(
            f"the token in {data} is one of tenant {runtime.tenant!r}, not of {tenant!r}: make one with"
            f" `meantime token --tenant {tenant} --scopes …` (--help lists them), and give it as --token or"
            " MEANTIME_TOKEN",
            field="--token",
        )
    return runtime.token


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OptionError(f"--url: {url!r} is not an address such as {DEFAULT_URL}", field="--url")
    return url if parts.path.strip("/") else f"{url.rstrip('/')}/graphql"
