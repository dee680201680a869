"""Hostile files and rules end quickly, take little, and hold up nobody."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
import time

import pytest

from calendars.contract import (
    AskCalendarState,
    CreateCalendar,
    ListIcsSources,
    OfferIcsContent,
    SaveIcsSource,
    StateQuestion,
)
from calendars.domain.errors import CalendarsError
from calendars.domain.import_errors import ReaderOverrunError
from calendars.operations.isolate_ics import MEMORY_BYTES, IcsReader
from calendars.operations.offer_ics_content import check_taken
from calendars.service import CalendarsService
from serving.context import RequestContext
from tests.services.calendars.documents import hours, refusal_of
from tests.services.calendars.hostile_ics import FILES, RULES

LIMIT_S = 2.0


def children() -> tuple[float, int]:
    """Return the processor time, in seconds, and the most memory, in bytes, of processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def test_there_are_as_many_as_promised() -> None:
    """Forty-three files, each unlike the others."""
    assert len(FILES) == 43
    assert len(set(FILES.values())) == 43


@pytest.mark.parametrize("name", FILES)
async def test_a_hostile_file_is_refused_soon(name: str) -> None:
    """It takes less than two seconds of a processor and a bounded memory, and says why it is refused."""
    before_s, most_before = children()
    with pytest.raises(CalendarsError) as refused:
        check_taken(await IcsReader().read("acme", FILES[name]))
    after_s, most_after = children()
    assert refused.value.code in {"ics_invalid", "ics_too_large"}
    assert str(refused.value).startswith("content: ")
    assert len(str(refused.value)) < 500
    assert after_s - before_s < LIMIT_S
    # A child begins as a copy of us; and what else was started before may have used more.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert most_after <= max(most_before, own, MEMORY_BYTES)


@pytest.mark.parametrize("name", RULES)
async def test_a_hostile_rule_is_refused_soon(
    name: str, service: CalendarsService, context: RequestContext
) -> None:
    """A document with it is refused when it is saved, with the rule's path."""
    holidays = [{"rule": RULES[name], "from": "2026-01-01", "name": "Bomb"}]
    document = hours("UTC", "09:00-17:00", holidays=holidays)
    started_s = time.process_time()
    refused = await refusal_of(
        service.create_calendar(context, CreateCalendar(key="office", name="Office", document=document))
    )
    assert (refused.code, refused.field) == ("rule_invalid", "document.holidays[0].rule")
    assert time.process_time() - started_s < LIMIT_S


async def test_a_reader_that_takes_too_long_is_ended() -> None:
    """Whatever a file would make of the reader, its process ends, and nothing is left of it."""
    with pytest.raises(ReaderOverrunError):
        await IcsReader(wall_s=0.01).read("acme", FILES["1 MB line"])
    assert (await IcsReader().read("acme", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")).holidays == ()


@pytest.mark.parametrize(
    ("work", "ends"),
    [("while True: pass", -signal.SIGXCPU), ("bytearray(1 << 30)", 1)],
    ids=["cpu", "memory"],
)
async def test_the_process_of_a_reader_is_held_to_its_limits(work: str, ends: int) -> None:
    """A second of a processor, and half a gigabyte, are the end of it."""
    code = f"from calendars.operations.isolate_ics import hold_to_limits\nhold_to_limits(1)\n{work}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL
    )
    assert await asyncio.wait_for(process.wait(), 30) in {ends, -signal.SIGKILL}


async def test_the_service_answers_while_hostile_files_are_read(
    service: CalendarsService, context: RequestContext
) -> None:
    """Questions are answered at once while the whole corpus is uploaded, two files at a time."""
    document = hours("UTC", "09:00-17:00")
    await service.create_calendar(context, CreateCalendar(key="office", name="Office", document=document))
    await service.save_ics_source(context, SaveIcsSource(key="hostile", name="Hostile"))

    waiting = list(FILES.values())

    async def upload() -> None:
        while waiting:
            text = waiting.pop().decode("utf-8", "surrogateescape")
            await refusal_of(service.offer_ics_content(context, OfferIcsContent(key="hostile", content=text)))

    uploading = asyncio.gather(upload(), upload())
    waits_s = []
    while not uploading.done():
        started_s = time.monotonic()
        await service.ask_calendar_state(context, AskCalendarState(questions=(StateQuestion(key="office"),)))
        waits_s.append(time.monotonic() - started_s)
        await asyncio.sleep(0.01)
    await uploading
    assert sorted(waits_s)[len(waits_s) // 2] < 0.1
    assert max(waits_s) < LIMIT_S
    (source,) = (await service.list_ics_sources(context, ListIcsSources())).sources
    assert (source.accepted, source.pending) == (None, None)
