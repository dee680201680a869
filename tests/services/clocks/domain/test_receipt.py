"""Receipts: right for any story, and wrong as soon as anything in them is changed."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesstime import from_us, schedule_to_document
from clocks.domain.cycle import Cycle
from clocks.domain.event import Event
from clocks.domain.receipt import (
    Inputs,
    ReceiptCalendar,
    ReceiptCalendarVersion,
    ReceiptEvent,
    ReceiptPolicyVersion,
    digest,
    result_of,
    write_receipt,
)
from clocks.domain.refusals import ReceiptInvalidError
from clocks.domain.verification import verify_receipt
from tests.services.clocks.domain.oracle import Fact, Rule
from tests.services.clocks.domain.promises import TIMELINES, cycles_of, folded, versions
from tests.services.clocks.domain.test_fold import (
    LAST_SLOT,
    document_of,
    events_of,
    rules,
    slot_us,
    stories,
)

RULE = Rule(starts_at=False, repeats=False, reopen="resume", retarget="RECOUNT")
CARRY = Rule(starts_at=False, repeats=False, reopen="resume", retarget="CARRY")


def receipt_of(cycle: Cycle, events: list[Event], rule: Rule, at_us: int) -> bytes:
    """Write the receipt of a Cycle of a story."""
    inputs = Inputs(
        subject_id="s",
        policy_key="p",
        metric="m",
        cycle=cycle.number,
        read_at=from_us(at_us),
        known_at=None,
        events=tuple(
            ReceiptEvent(
                event_id=event.event_id,
                type=event.type,
                occurred_at=from_us(event.occurred_at_us),
                sequence=event.sequence,
                attributes=dict(event.attributes),
            )
            for event in events
        ),
        policy=(ReceiptPolicyVersion(version=1, effective_from=None, document=document_of(rule)),),
        calendars=tuple(
            ReceiptCalendar(
                key=key,
                versions=(ReceiptCalendarVersion(version=1, effective_from=None),),
                schedule=schedule_to_document(timeline.schedule),
                content_key=timeline.content_key,
            )
            for key, timeline in TIMELINES.items()
        ),
    )
    return write_receipt(inputs, result_of(cycle, inputs, TIMELINES))[0]


def receipts_of(story: list[Fact], rule: Rule, as_of: int) -> list[bytes]:
    """Write the receipts of all Cycles of a story."""
    events = events_of(story)
    state = folded(events, versions(document_of(rule)))
    return [receipt_of(cycle, events, rule, slot_us(as_of)) for cycle in cycles_of(state)]


@given(story=stories, rule=rules, as_of=st.integers(0, LAST_SLOT))
def test_a_receipt_verifies(story: list[Fact], rule: Rule, as_of: int) -> None:
    """What a story leads to is recomputed from its receipt alone; its segments sum to the elapsed time."""
    for written in receipts_of(story, rule, as_of):
        found = verify_receipt(written)
        assert (found.differences, found.editions) == ((), ())
        result = msgspec.json.decode(written)["result"]
        assert sum(each["elapsed_us"] for each in result["segments"]) == result["elapsed_us"]


@given(story=stories, rule=rules, as_of=st.integers(0, LAST_SLOT), data=st.data())
def test_a_tampered_receipt_does_not(story: list[Fact], rule: Rule, as_of: int, data: st.DataObject) -> None:
    """Whatever number or word of the result is changed is named, even where the hash was made to fit."""
    for written in receipts_of(story, rule, as_of):
        document = msgspec.json.decode(written)
        name = data.draw(st.sampled_from(sorted(document["result"].keys() - {"segments"})))
        tampered = copy.deepcopy(document)
        tampered["result"][name] = other(name, document["result"][name])
        assert "hash" in {each.path for each in verify_receipt(msgspec.json.encode(tampered)).differences}
        tampered["hash"] = digest(tampered)
        (difference,) = verify_receipt(msgspec.json.encode(tampered)).differences
        assert difference.path == f"result.{name}"
        assert difference.found == document["result"][name]


def other(name: str, value: Any) -> Any:
    """Say something else that could stand there."""
    if isinstance(value, int):
        return value + 1
    if name == "outcome":
        return "MET" if value != "MET" else "BREACHED"
    if name == "phase":
        return "PAUSED" if value != "PAUSED" else "RUNNING"
    return "2031-01-01T00:00:00Z"


def test_a_receipt_of_an_earlier_instant_names_the_calendar_of_then() -> None:
    """Handed over since: the Calendar and its rule are those on which it was counted at that instant."""
    story = [
        Fact(slot=18, state="work", priority="3"),
        Fact(slot=30, state="work", priority="3", region="east"),
    ]
    found = []
    for as_of in (29, 30):
        (written,) = receipts_of(story, CARRY, as_of)
        result = msgspec.json.decode(written)["result"]
        found.append((result["calendar_key"], result["calendar_rule"]))
    assert found == [("office", "default"), ("late", "attribute")]


def test_an_event_that_is_left_out_is_found() -> None:
    """A pause that is kept back changes the hash, and, with a new one, the result."""
    story = [Fact(slot=18, state="work", priority="3"), Fact(slot=20, state="wait", priority="3")]
    (written,) = receipts_of(story, RULE, 30)
    tampered = msgspec.json.decode(written)
    tampered["inputs"]["events"].pop()
    tampered["hash"] = digest(tampered)
    paths = {each.path for each in verify_receipt(msgspec.json.encode(tampered)).differences}
    assert {"result.phase", "result.elapsed_us", "result.due_at"} <= paths


def test_editions_of_the_data_are_told_apart_from_faults() -> None:
    """Made with another time-zone database, a result may still be right; it is said which was used."""
    (written,) = receipts_of([Fact(slot=18, state="work", priority="3")], RULE, 30)
    document = msgspec.json.decode(written)
    document["tzdata_version"] = "1999a"
    document["inputs"]["calendars"][0]["content_key"] = "0" * 64
    document["hash"] = digest(document)
    found = verify_receipt(msgspec.json.encode(document))
    assert found.differences == ()
    assert [each.path for each in found.editions] == ["tzdata_version", "inputs.calendars[0].content_key"]


@pytest.mark.parametrize("written", [b"", b"[]", b"{}", b'{"format": "other/1"}', b"\xff"])
def test_what_is_no_receipt_is_refused(written: bytes) -> None:
    """A file of another kind is no fault of a Cycle."""
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(written)


json_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "2026-06-01T09:00:00Z", "9999-12-31T23:59:59Z", "2026-06-01T09:00:00", "\x00"]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["a", "zone"]), st.integers(0, 3), max_size=2),
)


@given(data=st.data(), value=json_values, fitting=st.booleans())
def test_whatever_is_changed_is_found(data: st.DataObject, value: object, fitting: bool) -> None:  # noqa: FBT001
    """One value anywhere is replaced: the file is refused, or something differs; nothing else can happen.

    Where the hash is made to fit, what differs is the result, unless the value takes no part in it.
    """
    story = [
        Fact(slot=18, state="work", priority="3"),
        Fact(slot=20, state="wait", priority="3"),
        Fact(slot=24, act="pause"),
        Fact(slot=30, state="done", priority="2"),
    ]
    document = msgspec.json.decode(receipts_of(story, RULE, 40)[0])
    place: Any = document
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 3)) == 0:
            break
        place = place[key]
    before = msgspec.json.encode(document)
    place[key] = value
    if fitting:
        document["hash"] = digest(document)
    changed = msgspec.json.encode(document)
    try:
        found = verify_receipt(changed)
    except ReceiptInvalidError:
        return
    assert fitting or found.differences or changed == before
