"""The console in a real browser, on real services."""

from __future__ import annotations

import pytest

from tests.services.gateway.browser import CHROMIUM, Page, open_page
from tests.services.gateway.conftest import Api
from tests.services.gateway.documents import CALENDAR, CREATE_CALENDAR, INGEST, POLICY, SAVE_POLICY, event

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium on PATH")

WIDTHS = [390, 1280]
SETTLED = 'document.querySelector("[aria-busy]") === null && !document.getElementById("board").hidden'


async def sign_in(page: Page, token: str) -> None:
    """Type a token and send the form."""
    await page.wait_until('!document.getElementById("enter").hidden')
    await page.evaluate(f'document.getElementById("token").value = "{token}"')
    await page.evaluate('document.getElementById("enter-form").requestSubmit()')


@pytest.mark.parametrize("width", WIDTHS)
async def test_board_shows_what_runs(api: Api, width: int) -> None:
    """With a token the board names the running Cycle, its state and target; nothing runs over the edge."""
    subject = "<b>INC-1</b>"
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "SP", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})
    await api.ask(INGEST, {"events": [event(subject, "2026-03-02T08:30:00-03:00", "New", number=1)]})
    async with open_page(api.url, width=width) as page:
        await sign_in(page, str(api.token))
        await page.wait_until(SETTLED)
        await page.wait_until('document.querySelector("#cycles td") !== null')
        shown = await page.evaluate('document.getElementById("cycles").innerText')
        for text in (subject, "Running", "P1, 4 h", "30 min of 4 h"):
            assert text in shown
        assert await page.evaluate('document.getElementById("tenant").textContent') == "Test"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.complaints == []


async def test_wrong_token_is_told(api: Api) -> None:
    """A wrong token leaves the form, says what is wrong, and is not kept."""
    async with open_page(api.url, width=1280) as page:
        await sign_in(page, "mt_demo_wrong")
        await page.wait_until('!document.getElementById("notice").hidden')
        assert "malformed" in await page.evaluate('document.getElementById("notice").textContent')
        assert await page.evaluate("sessionStorage.length") == 0
