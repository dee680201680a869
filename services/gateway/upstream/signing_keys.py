"""The public keys of an identity provider: fetched, kept, and not fetched again at everyone's whim."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.domain.errors import IdentityUnavailableError

__all__ = ["SigningKeys"]

log = structlog.get_logger("signing_keys")

KEEP_S = 600
RETRY_S = 30
TIMEOUT = aiohttp.ClientTimeout(total=5)
MAX_BYTES = 1024 * 1024


class SigningKeys:
    """The key set at one URL.

    Kept for ten minutes; a token with an unknown key makes it look again, at most every 30 s, so that
    made-up tokens cannot turn the gateway against the provider. While the provider is away, the keys it had
    are used for as long as they are kept, and then no token is believed.
    """

    def __init__(self, url: str, session: aiohttp.ClientSession, *, monotonic: Callable[[], float]) -> None:
        self._url = url
        self._session = session
        self._monotonic = monotonic
        self._keys: KeySet | None = None
        self._fetched_s = float("-inf")
        self._tried_s = float("-inf")
        self._lock = asyncio.Lock()

    async def read(self, missing: bool = False) -> KeySet:  # noqa: FBT001, FBT002 - the shape of ReadKeys
        """Return the keys; `missing`: one was looked for in vain. Raises IdentityUnavailableError."""
        if self._must_fetch(missing=missing):
            async with self._lock:
                if self._must_fetch(missing=missing):
                    await self._refresh()
        if self._keys is None or self._age_s() > KEEP_S:
            raise IdentityUnavailableError("the identity provider's keys cannot be read; try again later")
        return self._keys

    def _age_s(self) -> float:
        return self._monotonic() - self._fetched_s

    def _must_fetch(self, *, missing: bool) -> bool:
        wanted = missing or self._keys is None or self._age_s() > KEEP_S
        return wanted and self._monotonic() - self._tried_s >= RETRY_S

    async def _refresh(self) -> None:
        self._tried_s = self._monotonic()
        try:
            self._keys = await self._fetch()
        except (
            aiohttp.ClientError,
            TimeoutError,
            OSError,
            JoseError,
            ValueError,
            TypeError,
            KeyError,
        ) as error:
            log.warning("keys not read", url=self._url, reason=str(error) or type(error).__name__)
            return
        self._fetched_s = self._tried_s

    async def _fetch(self) -> KeySet:
        async with self._session.get(self._url, timeout=TIMEOUT, allow_redirects=False) as response:
            response.raise_for_status()
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError(f"more than {MAX_BYTES} bytes")
        return KeySet.import_key_set(msgspec.json.decode(body))
