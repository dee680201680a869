"""A headless Chromium, spoken to over its own protocol: enough to read a page as a person would."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

__all__ = ["CHROMIUM", "Page", "open_page"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
]
PATIENCE_S = 20


class Page:
    """One page of the browser; `complaints` is what its console was told of errors and broken policies."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol and return its result."""
        self._last += 1
        number = self._last
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = msgspec.json.decode((await self._socket.receive(PATIENCE_S)).data)
            if message.get("id") == number:
                return message["result"]
            if message["method"] in {"Runtime.exceptionThrown", "Log.entryAdded"}:
                self.complaints.append(str(message["params"]))

    async def evaluate(self, script: str) -> Any:
        """Evaluate JavaScript in the page and return its value."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return answer["result"].get("value")

    async def wait_until(self, script: str) -> None:
        """Wait until an expression is true in the page, at its own frames; fails after a while."""
        look = f"const look = () => ({script}) ? done(true) : requestAnimationFrame(look); look();"
        async with asyncio.timeout(PATIENCE_S):
            await self.evaluate(f"new Promise(done => {{ {look} }})")


@asynccontextmanager
async def open_page(url: str, *, width: int) -> AsyncIterator[Page]:
    """Open an address in a browser of its own, so many pixels wide."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with aiohttp.ClientSession() as session:
                address = await page_address(process, session)
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    page = Page(socket)
                    await prepare(page, url, width)
                    yield page
        finally:
            process.terminate()
            await process.wait()


async def prepare(page: Page, url: str, width: int) -> None:
    """Listen to complaints, set the width, and go to the address."""
    for domain in ("Page", "Runtime", "Log"):
        await page.call(f"{domain}.enable")
    await page.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
    )
    await page.call("Page.navigate", url=url)
    await page.wait_until('document.readyState === "complete" && location.protocol === "http:"')


async def page_address(process: asyncio.subprocess.Process, session: aiohttp.ClientSession) -> str:
    """Read from what the browser says where its first page is spoken to."""
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        async for line in process.stderr:
            if b"DevTools listening on ws://" in line:
                host = line.split(b"ws://")[1].split(b"/")[0].decode()
                async with session.get(f"http://{host}/json") as answer:
                    targets = await answer.json()
                return next(str(it["webSocketDebuggerUrl"]) for it in targets if it["type"] == "page")
    raise AssertionError(f"the browser ended: {Path(str(CHROMIUM)).name}")
