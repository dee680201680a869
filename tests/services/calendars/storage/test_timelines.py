"""The shelf of Timelines: bounded, one making at a time, errors that come through."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from businesstime import Timeline, compile_schedule, schedule_from_document
from calendars.domain.definition import DefinitionKey
from calendars.storage.timelines import TimelineShelf, seal, unseal
from tests.services.calendars.documents import SYDNEY

KEYS = tuple(DefinitionKey(name) for name in "abcde")
TIMELINE = compile_schedule(schedule_from_document(SYDNEY))


class Maker:
    """Compiles, and counts; waits for leave where a test says so, and fails as often as it says."""

    def __init__(self, *, failures: int = 0) -> None:
        self.made: list[DefinitionKey] = []
        self.leave = asyncio.Event()
        self.leave.set()
        self.failures = failures
        self._changed = asyncio.Condition()

    async def __call__(self, keys: Sequence[DefinitionKey]) -> Mapping[DefinitionKey, Timeline]:
        """Make Timelines."""
        async with self._changed:
            self.made += keys
            self._changed.notify_all()
        await self.leave.wait()
        if self.failures:
            self.failures -= 1
            raise ValueError("could not be made")
        return dict.fromkeys(keys, TIMELINE)

    async def asked_for(self, count: int) -> None:
        """Wait until so many keys were asked for."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.made) >= count)


async def test_the_least_used_leave() -> None:
    """The shelf keeps as many as it may, those used last."""
    shelf, make = TimelineShelf(None, max_held=3), Maker()
    await shelf.obtain(KEYS[:3], make)
    await shelf.obtain(KEYS[:1], make)
    await shelf.obtain(KEYS[3:4], make)
    assert [shelf.held(key) is not None for key in KEYS] == [True, False, True, True, False]
    assert make.made == list(KEYS[:4])


async def test_a_batch_larger_than_the_shelf_is_answered_whole() -> None:
    """What does not fit is answered, and not kept."""
    shelf, make = TimelineShelf(None, max_held=2), Maker()
    assert set(await shelf.obtain(KEYS, make)) == set(KEYS)
    assert len(shelf._held) == 2


async def test_several_who_want_one_timeline_make_it_once() -> None:
    """Overlapping batches at the same time make each key once, and all are answered."""
    shelf, make = TimelineShelf(None), Maker()
    make.leave.clear()
    asking = [asyncio.create_task(shelf.obtain(KEYS[n : n + 3], make)) for n in (0, 1, 2, 0)]
    await make.asked_for(len(KEYS))
    make.leave.set()
    answers = await asyncio.gather(*asking)
    assert [set(answer) for answer in answers] == [set(KEYS[n : n + 3]) for n in (0, 1, 2, 0)]
    assert sorted(make.made) == sorted(KEYS)


async def test_a_failed_making_is_told_to_its_asker_and_tried_again_by_the_next() -> None:
    """The one who made it gets the error; the one who waited makes it anew."""
    shelf, make = TimelineShelf(None), Maker(failures=1)
    make.leave.clear()
    first = asyncio.create_task(shelf.obtain(KEYS[:1], make))
    second = asyncio.create_task(shelf.obtain(KEYS[:1], make))
    await make.asked_for(1)
    make.leave.set()
    with pytest.raises(ValueError, match="could not be made"):
        await first
    assert set(await second) == set(KEYS[:1])


async def test_a_cancelled_making_leaves_nobody_waiting() -> None:
    """Who waited for one that was given up makes it anew."""
    shelf, make = TimelineShelf(None), Maker()
    make.leave.clear()
    first = asyncio.create_task(shelf.obtain(KEYS[:1], make))
    second = asyncio.create_task(shelf.obtain(KEYS[:1], make))
    await make.asked_for(1)
    first.cancel()
    make.leave.set()
    assert set(await second) == set(KEYS[:1])
    assert first.cancelled()


def test_a_sealed_entry_opens_under_its_own_key_only() -> None:
    """The digest covers the key, so an entry under another is not believed."""
    sealed = seal(KEYS[0], TIMELINE.to_bytes())
    opened = unseal(KEYS[0], sealed)
    assert opened is not None
    assert opened.timeline.content_key == TIMELINE.content_key
    assert unseal(KEYS[1], sealed) is None
    assert unseal(KEYS[0], seal(KEYS[0], b"sealed, and no Timeline")) is None
