"""Names looked up in threads of their own, so that one whose servers do not answer delays no other.

The system's resolver blocks a thread for as long as it waits, which may be half a minute, whoever has given
up meanwhile. The event loop has few threads for all such work. Here are more, and a name that is being looked
up is not looked up again beside: its askers share the answer.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

__all__ = ["Lookups"]

_THREADS = 128


class Lookups:
    """What aiohttp's `ThreadedResolver` needs of an event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lookup")
        self._running: dict[tuple[Any, ...], asyncio.Future[Any]] = {}

    async def getaddrinfo(self, host: str, port: int, **hints: int) -> Any:
        """As the event loop's."""
        key = (host, port, *sorted(hints.items()))
        running = self._running.get(key)
        if running is None:
            look = partial(socket.getaddrinfo, host, port, **hints)
            running = asyncio.get_running_loop().run_in_executor(self._threads, look)
            self._running[key] = running
            running.add_done_callback(partial(self._done, key))
        return await asyncio.shield(running)

    async def getnameinfo(self, address: Any, flags: int) -> tuple[str, str]:
        """As the event loop's."""
        look = partial(socket.getnameinfo, address, flags)
        return await asyncio.get_running_loop().run_in_executor(self._threads, look)

    def close(self) -> None:
        """Look nothing up any more, and wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, key: tuple[Any, ...], running: asyncio.Future[Any]) -> None:
        del self._running[key]
        if not running.cancelled():
            running.exception()  # looked at, in case that nobody waits for it any more
