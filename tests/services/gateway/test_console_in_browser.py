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


@pytest.mark.parametrize("width", WIDTHS)
async def test_what_chose_target_and_calendar_is_told(api: Api, width: int) -> None:
    """On demand: the policy and what it covers, the target's place and condition, the calendar's rule.

    What was opened stays open when the board is read again.
    """
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "SP", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})
    await api.ask(INGEST, {"events": [event("INC1", "2026-03-02T08:30:00-03:00", "New", number=1)]})
    async with open_page(api.url, width=width) as page:
        await sign_in(page, str(api.token))
        await page.wait_until('document.querySelector("#cycles details") !== null')
        await page.evaluate('document.querySelector("#cycles summary").click()')
        await page.wait_until('document.querySelector("#cycles details").open')
        await page.wait_until('!document.getElementById("refresh").disabled')
        old = "window.old = document.querySelector('#cycles details')"
        await page.evaluate(f"{old}; document.getElementById('refresh').click()")
        await page.wait_until("document.querySelector('#cycles details:not([aria-busy] *)') !== window.old")
        shown = await page.evaluate('document.querySelector("#cycles dl").innerText')
        for text in (
            "resolution, version 1",
            "covers true",
            'number 1, the first whose condition holds: subject.priority == "1"',
            "sao-paulo",
            "the policy's default",
        ):
            assert text in shown
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.complaints == []


async def test_paused_cycles_stand_in_the_services_order(api: Api) -> None:
    """Least time left first, though it started last."""
    await api.ask(CREATE_CALENDAR, {"input": {"key": "sao-paulo", "name": "SP", "document": CALENDAR}})
    await api.ask(SAVE_POLICY, {"input": {"key": "resolution", "document": POLICY}})
    events = [
        event("MUCH", "2026-03-02T08:00:00-03:00", "New", number=1),
        event("MUCH", "2026-03-02T08:05:00-03:00", "Awaiting", number=2),
        event("LITTLE", "2026-03-02T08:10:00-03:00", "New", number=3),
        event("LITTLE", "2026-03-02T08:50:00-03:00", "Awaiting", number=4),
    ]
    await api.ask(INGEST, {"events": events})
    async with open_page(api.url, width=1280) as page:
        await sign_in(page, str(api.token))
        await page.wait_until(SETTLED)
        await page.evaluate('document.querySelector("input[value=paused]").click()')
        await page.wait_until('document.querySelector("#cycles td.name") !== null')
        names = await page.evaluate(
            '[...document.querySelectorAll("#cycles td.name")].map(it => it.innerText)'
        )
        assert [name.split()[0] for name in names] == ["LITTLE", "MUCH"]


async def test_wrong_token_is_told(api: Api) -> None:
    """A wrong token leaves the form, says what is wrong, and is not kept."""
    async with open_page(api.url, width=1280) as page:
        await sign_in(page, "mt_demo_wrong")
        await page.wait_until('!document.getElementById("notice").hidden')
        assert "malformed" in await page.evaluate('document.getElementById("notice").textContent')
        assert await page.evaluate("sessionStorage.length") == 0
