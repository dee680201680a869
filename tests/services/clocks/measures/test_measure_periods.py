"""The door: raw events and Cycles in, exact ratios out, through either side."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from clocks.contract import Clocks, IngestEvents, MeasurementRecord, MeasurePeriods
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.stories import at, event

MINUTE_US = 60_000_000
NOON = at("2026-02-02T12:00")


async def ingest(door: Clocks, context: RequestContext, *told: tuple[Any, ...]) -> None:
    """Take events: (subject, time, type, attributes)."""
    events = tuple(
        event(f"{place}-{subject}", subject, when, type=kind, sequence=place, **attributes)
        for place, (subject, when, kind, attributes) in enumerate(told)
    )
    receipt = await door.ingest_events(context, IngestEvents(events=events))
    assert receipt.accepted == len(events)


async def measure(
    door: Clocks, context: RequestContext, document: dict[str, Any], **asked: Any
) -> MeasurementRecord:
    """Measure one period, February 2026 if none is named."""
    asked = asked or {"period": "2026-02"}
    found = await door.measure_periods(context, MeasurePeriods(measure=document, **asked))
    [record] = found.measurements
    return record


def ratio(record: Any) -> Fraction:
    """Read the exact value."""
    return Fraction(int(record.numerator), int(record.denominator))


async def test_availability_is_agreed_time_without_outages(door: Clocks, context: RequestContext) -> None:
    """Overlapping outages count once, exclusions of events and of the request not at all."""
    await ingest(
        door,
        context,
        ("O1", "2026-01-31T23:50", "outage.started", {"service": "api"}),
        ("O1", "2026-02-01T00:10", "outage.ended", {}),
        ("O2", "2026-02-01T00:05", "outage.started", {"service": "web"}),
        ("O2", "2026-02-01T00:30", "outage.ended", {}),
        ("O3", "2026-02-10T00:00", "outage.started", {"service": "web"}),
        ("O3", "2026-02-10T01:00", "outage.ended", {}),
        ("M1", "2026-02-10T00:00", "maintenance.started", {}),
        ("M1", "2026-02-10T00:20", "maintenance.ended", {}),
    )
    document = {
        "kind": "availability",
        "exclusion_started": "maintenance.started",
        "exclusion_ended": "maintenance.ended",
    }
    record = await measure(door, context, document, period="2026-02", by="subject.service")
    base = 28 * 1440 - 20
    assert ratio(record) == Fraction(base - 30 - 40, base)
    assert (record.samples, record.status) == (2, "MEASURED")
    assert [(part.name, ratio(part)) for part in record.parts] == [
        ("api", Fraction(base - 10, base)),
        ("web", Fraction(base - 25 - 40, base)),
    ]


async def test_attainment_by_target_and_attribute(
    door: Clocks, context: RequestContext, support: str
) -> None:
    """Cycles count by the attributes that their Subject had when they were met or breached."""
    await ingest(
        door,
        context,
        ("T1", "2026-02-02T09:00", "created", {"priority": "1", "team": "red"}),
        ("T1", "2026-02-02T10:00", "updated", {"state": "solved"}),
        ("T1", "2026-02-03T10:00", "updated", {"team": "blue"}),
        ("T2", "2026-02-02T09:00", "created", {"priority": "1", "team": "blue"}),
        ("T2", "2026-02-02T15:00", "updated", {"state": "solved"}),
        ("T3", "2026-02-02T09:00", "created", {"priority": "2"}),
        ("T3", "2026-02-02T12:00", "updated", {"state": "solved"}),
    )
    document = {"kind": "attainment", "policy": support, "metric": "resolution"}
    by_target = await measure(door, context, document, period="2026-02", by="target")
    assert (by_target.numerator, by_target.denominator) == ("2", "3")
    assert [(part.name, ratio(part)) for part in by_target.parts] == [
        ("P1", Fraction(1, 2)),
        ("P2", Fraction(1)),
    ]
    by_team = await measure(door, context, document, period="2026-02", by="subject.team")
    assert [(part.name, ratio(part)) for part in by_team.parts] == [
        ("blue", Fraction(0)),
        ("red", Fraction(1)),
        (None, Fraction(1)),
    ]
    of_red = await measure(door, context, document, period="2026-02", where={"team": "red"})
    assert ratio(of_red) == 1
    mttr = await measure(door, context, {"kind": "mean", "of": {"kind": "cycles", "policy": support}})
    assert ratio(mttr) == Fraction((60 + 360 + 180) * MINUTE_US, 3)


async def test_calls(door: Clocks, context: RequestContext) -> None:
    """Service level, speed of answer and its percentile come from pairs of events."""
    await ingest(
        door,
        context,
        ("C1", "2026-02-02T09:00:00", "call.queued", {}),
        ("C1", "2026-02-02T09:00:20", "call.answered", {}),
        ("C2", "2026-02-02T09:00:00", "call.queued", {}),
        ("C2", "2026-02-02T09:00:40", "call.answered", {}),
        ("C3", "2026-02-02T09:00:00", "call.queued", {}),
        ("C3", "2026-02-02T09:00:05", "call.abandoned", {}),
    )
    spans = {"kind": "spans", "since": "call.queued", "until": "call.answered", "abandoned": "call.abandoned"}
    expected = {"ignored": (1, 2), "missed": (1, 3), "late_missed": (1, 2), "early_kept": (2, 3)}
    for rule, (kept, counted) in expected.items():
        document = {"kind": "within", "of": spans, "bound": "20s", "abandoned": rule}
        record = await measure(door, context, document)
        assert (record.numerator, record.denominator) == (str(kept), str(counted))
    assert ratio(await measure(door, context, {"kind": "mean", "of": spans})) == 30_000_000
    p90 = {"kind": "percentile", "percent": "90", "of": spans}
    assert ratio(await measure(door, context, p90)) == 40_000_000


async def test_nothing_is_no_data(door: Clocks, context: RequestContext) -> None:
    """Without facts there is no value; that is neither 0 nor 100 %."""
    record = await measure(door, context, {"kind": "csat"})
    assert (record.status, record.denominator, record.samples) == ("NO_DATA", "0", 0)


async def test_a_trend_is_a_value_for_each_period(door: Clocks, context: RequestContext) -> None:
    """Months of a quarter, one after the other."""
    await ingest(
        door,
        context,
        ("S1", "2026-01-31T23:30", "survey.answered", {"score": 5}),
        ("S2", "2026-02-20T12:00", "survey.answered", {"score": 2}),
        ("S3", "2026-02-20T12:00", "survey.answered", {"score": "very"}),
    )
    asked = MeasurePeriods(
        measure={"kind": "csat"},
        start=at("2026-01-01T00:00"),
        end=at("2026-03-01T00:00"),
        unit="month",
        zone="Europe/London",
    )
    found = (await door.measure_periods(context, asked)).measurements
    assert [(one.label, one.numerator, one.denominator, one.unusable) for one in found] == [
        ("2026-01", "1", "1", 0),
        ("2026-02", "0", "1", 1),
    ]


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"measure": {"kind": "mode"}}, "measure_invalid", "measure.kind"),
        ({"measure": {"kind": "mean", "of": {"kind": "numbers"}}}, "measure_invalid", "measure.of.event"),
        ({"measure": {"kind": "csat"}, "period": "2026-13"}, "period_invalid", "period"),
        ({"measure": {"kind": "csat"}, "zone": "Mars/Base"}, "zone_unknown", "zone"),
        ({"measure": {"kind": "csat"}, "by": "team"}, "measure_invalid", "by"),
        ({"measure": {"kind": "csat"}, "by": "target"}, "measure_invalid", "by"),
        ({"measure": {"kind": "csat"}, "period": None}, "measure_invalid", "period"),
        ({"measure": {"kind": "csat"}, "unit": "month"}, "measure_invalid", "unit"),
        ({"measure": {"kind": "csat"}, "end": NOON}, "measure_invalid", "end"),
        (
            {"measure": {"kind": "csat"}, "period": None, "rolling_days": 3, "start": NOON},
            "measure_invalid",
            "start",
        ),
        ({"measure": {"kind": "csat"}, "period": None, "rolling_days": 0}, "period_invalid", "rolling_days"),
        ({"measure": {"kind": "csat"}, "where": {"a": "\x00"}}, "text_invalid", "where"),
        ({"measure": {"kind": "csat"}, "exclusions": ((NOON, NOON),)}, "period_empty", "exclusions[0].end"),
        (
            {"measure": {"kind": "mean", "of": {"kind": "cycles", "policy": "none"}}},
            "policy_unknown",
            "measure.of.policy",
        ),
        ({"measure": {"kind": "attainment", "metric": "none"}}, "metric_unknown", "measure.metric"),
        ({"measure": {"kind": "attainment", "policy": "none"}}, "policy_unknown", "measure.policy"),
        ({"measure": {"kind": "attainment", "target": "none"}}, "measure_invalid", "measure.target"),
        ({"measure": {"kind": "availability", "calendar": "none"}}, "calendar_unknown", "measure.calendar"),
    ],
)
async def test_refusals_name_the_field(
    door: Clocks, context: RequestContext, asked: dict[str, Any], code: str, field: str
) -> None:
    """What cannot be measured is refused with a code, and the field at fault."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its own error here, a Problem over HTTP
        await door.measure_periods(context, MeasurePeriods(**({"period": "2026-02"} | asked)))
    problem = describe(caught.value)
    assert problem is not None
    assert (problem.code, problem.field) == (code, field)


async def test_the_same_facts_have_the_same_evidence(door: Clocks, context: RequestContext) -> None:
    """The hash stays while nothing new counts, and changes with a fact that does."""
    await ingest(door, context, ("S1", "2026-02-20T12:00", "survey.answered", {"score": 5}))
    first = await measure(door, context, {"kind": "csat"})
    await ingest(door, context, ("S0", "2026-01-20T12:00", "survey.answered", {"score": 5}))
    assert (await measure(door, context, {"kind": "csat"})).evidence_hash == first.evidence_hash
    await ingest(door, context, ("S2", "2026-02-21T12:00", "survey.answered", {"score": 1}))
    assert (await measure(door, context, {"kind": "csat"})).evidence_hash != first.evidence_hash
