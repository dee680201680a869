"""Whose socket it is, looked at again and again: a socket must not outlive its credential."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from gateway.operations.verify_credential import Opened
from gateway.routes.credentials import OpenCredential
from serving.context import RequestContext
from serving.problems import describe
from serving.request_ids import new_request_id

__all__ = ["SocketClosedError", "SocketGuard"]

FORBIDDEN = 4403
LOOK_S = 5.0
FRESH_S = 1.0


class SocketClosedError(Exception):
    """The socket is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class SocketGuard:
    """Holds the credential of one socket: opened once, and verified again while the socket lives.

    now: the time that credentials expire by. A revoked key's socket gets no event later than a second after,
    and is closed within five; an expired one's at the time.
    """

    def __init__(
        self, open_credential: OpenCredential, *, now: Callable[[], datetime], authorization: str | None
    ) -> None:
        self._open_credential = open_credential
        self._now = now
        self._authorization = authorization
        self._opened: Opened | None = None
        self._verified_s = 0.0
        self._lock = asyncio.Lock()

    @property
    def context(self) -> RequestContext:
        """Who asks; there is one once `open` has succeeded."""
        if self._opened is None:
            raise SocketClosedError(FORBIDDEN, "there is no credential")
        return self._opened.context

    async def open(self, offered: object) -> RequestContext:
        """Open the credential of the header, else the one offered; raises SocketClosedError."""
        if self._authorization is None and isinstance(offered, str):
            self._authorization = offered
        self._opened = await self._verify()
        return self._opened.context

    async def check(self) -> None:
        """Verify again unless that was just done; raises SocketClosedError."""
        async with self._lock:
            if time.monotonic() - self._verified_s < FRESH_S and not self._has_expired():
                return
            opened, before = await self._verify(), self.context
            if (opened.context.tenant_id, opened.context.scopes) != (before.tenant_id, before.scopes):
                raise SocketClosedError(FORBIDDEN, "the credential now allows something else: connect again")
            self._opened = opened

    async def watch(self) -> None:
        """Check again and again; ends only by SocketClosedError."""
        while True:
            await asyncio.sleep(self._pause_s())
            await self.check()

    def _pause_s(self) -> float:
        expires_at = self._opened.expires_at if self._opened else None
        if expires_at is None:
            return LOOK_S
        return min(LOOK_S, max((expires_at - self._now()).total_seconds(), 0.01))

    def _has_expired(self) -> bool:
        expires_at = self._opened.expires_at if self._opened else None
        return expires_at is not None and self._now() >= expires_at

    async def _verify(self) -> Opened:
        try:
            opened = await self._open_credential(self._authorization, new_request_id())
        except Exception as error:
            problem = describe(error)
            if problem is None or (problem.kind == "unavailable" and self._opened is None):
                raise SocketClosedError(1011, "the credential cannot be verified now") from error
            if problem.kind == "unavailable" and self._opened is not None and not self._has_expired():
                return self._opened
            raise SocketClosedError(FORBIDDEN, problem.detail[:100]) from error
        self._verified_s = time.monotonic()
        return opened
