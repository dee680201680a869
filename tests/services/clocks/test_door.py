"""One suite for both sides of the door: the service in process, and its client over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from clocks.contract import (
    Clocks,
    EventRecord,
    IngestEvents,
    ListCycles,
    MeasureAttainment,
    ReadPolicy,
    ReadSubject,
    SavePolicy,
)
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.stories import SUPPORT, at, event

HOUR_US = 3_600_000_000


async def test_a_ticket_that_is_solved_in_time_is_met(
    door: Clocks, context: RequestContext, support: str
) -> None:
    """Two hours worked of four: met, stopped where it was solved, elapsed to the microsecond."""
    receipt = await door.ingest_events(
        context,
        IngestEvents(
            events=(
                event("e1", "T-1", "2026-02-02T16:00", state="new", priority="1"),
                event("e2", "T-1", "2026-02-03T10:00", state="solved"),
            )
        ),
    )
    assert (receipt.accepted, receipt.duplicates, receipt.refused) == (2, 0, ())
    subject = await door.read_subject(context, ReadSubject(subject_id="T-1"))
    assert subject.attributes == {"state": "solved", "priority": "1"}
    assert subject.events == 2
    (cycle,) = subject.cycles
    assert (cycle.policy_key, cycle.metric, cycle.cycle) == (support, "resolution", 1)
    assert (cycle.phase, cycle.outcome, cycle.target) == ("STOPPED", "MET", "P1")
    assert (cycle.elapsed_us, cycle.remaining_us) == (2 * HOUR_US, 2 * HOUR_US)
    assert (cycle.started_at, cycle.stopped_at) == (at("2026-02-02T16:00"), at("2026-02-03T10:00"))
    assert cycle.due_at == at("2026-02-03T12:00")
    assert (cycle.calendar_key, cycle.calendar_rule, cycle.revision) == ("office", "default", 0)
