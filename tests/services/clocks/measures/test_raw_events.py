"""Measures of raw events through the service: periods that run, service hours, exclusions, other tenants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from clocks.contract import IngestEvents, MeasurementRecord, MeasurePeriods
from clocks.service import ClocksService
from serving.context import RequestContext
from serving.problems import Problem
from tests.services.clocks.conftest import acting_for
from tests.services.clocks.stories import at, event
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000
Told = tuple[str, str, str, dict[str, Any]]


async def ingest(service: ClocksService, context: RequestContext, *told: Told) -> None:
    """Take events: (subject, time, type, attributes)."""
    events = tuple(
        event(f"{subject} {when} {kind}", subject, when, type=kind, **attributes)
        for subject, when, kind, attributes in told
    )
    assert (await service.ingest_events(context, IngestEvents(events=events))).accepted == len(events)


async def measure(
    service: ClocksService, context: RequestContext, document: dict[str, Any], **asked: Any
) -> MeasurementRecord:
    """Measure one period."""
    found = await service.measure_periods(context, MeasurePeriods(measure=document, **asked))
    [record] = found.measurements
    return record


async def test_service_hours_bound_what_can_be_down(
    service: ClocksService, context: RequestContext, office: str
) -> None:
    """An outage over night costs what of it lies in the hours that were promised, exclusions aside."""
    await ingest(
        service,
        context,
        ("O1", "2026-02-02T16:00", "outage.started", {}),
        ("O1", "2026-02-03T11:00", "outage.ended", {}),
    )
    document = {"kind": "availability", "calendar": office}
    week = {"start": at("2026-02-02T00:00"), "end": at("2026-02-09T00:00")}
    record = await measure(service, context, document, **week)
    assert (int(record.numerator), int(record.denominator)) == (37 * HOUR_US, 40 * HOUR_US)
    windows = (
        (at("2026-02-03T08:00"), at("2026-02-03T10:00")),
        (at("2026-02-03T09:30"), at("2026-02-03T10:30")),
    )
    record = await measure(service, context, document, **week, exclusions=windows)
    assert (int(record.numerator), int(record.denominator)) == (37 * HOUR_US, 77 * HOUR_US // 2)


async def test_outages_touch_a_period_that_began_long_before(
    service: ClocksService, context: RequestContext
) -> None:
    """One over all of the day, one that lasts: 24 hours down; those that were over, or come later: none."""
    day, document = "2026-02-10", {"kind": "availability"}
    await ingest(
        service,
        context,
        ("before", "2026-02-01T00:00", "outage.started", {}),
        ("before", "2026-02-10T00:00", "outage.ended", {}),
        ("after", "2026-02-11T00:00", "outage.started", {}),
        ("after", "2026-02-12T00:00", "outage.ended", {}),
    )
    record = await measure(service, context, document, period=day)
    assert (record.ratio, record.samples) == (Fraction(1), 0)
    await ingest(
        service,
        context,
        ("again", "2026-01-01T00:00", "outage.started", {}),
        ("again", "2026-01-02T00:00", "outage.ended", {}),
        ("again", "2026-02-10T23:00", "outage.started", {}),
    )
    record = await measure(service, context, document, period=day)
    assert (record.ratio, record.samples) == (Fraction(23, 24), 1)
    await ingest(
        service,
        context,
        ("over all", "2026-02-01T00:00", "outage.started", {}),
        ("over all", "2026-02-20T00:00", "outage.ended", {}),
    )
    record = await measure(service, context, document, period=day)
    assert (record.ratio, record.samples) == (Fraction(0), 1)


async def test_a_period_that_runs_is_measured_until_now(
    service: ClocksService, context: RequestContext, clock: StandingTime
) -> None:
    """What lasts is down until now; what comes is neither up nor down; what has not begun is no data."""
    await ingest(service, context, ("O1", "2026-03-02T06:00", "outage.started", {}))
    document = {"kind": "availability"}
    record = await measure(service, context, document, period="2026-03-02")
    assert (int(record.numerator), int(record.denominator)) == (6 * HOUR_US, 12 * HOUR_US)
    assert (record.start, record.end) == (at("2026-03-02T00:00"), at("2026-03-03T00:00"))
    later = await measure(service, context, document, unit="day")
    assert later == record
    clock.move(timedelta(hours=6))
    record = await measure(service, context, document, unit="day")
    assert record.ratio == Fraction(6, 18)
    assert (await measure(service, context, document, period="2026-04")).status == "NO_DATA"


async def test_a_month_is_as_long_as_its_zone_says(
    service: ClocksService, context: RequestContext, clock: StandingTime
) -> None:
    """March 2026 in New York has 44,580 minutes: from 01:30 to 03:30 on the wall are sixty."""
    clock.move(timedelta(days=60))
    await ingest(
        service,
        context,
        ("O1", "2026-03-08T06:30", "outage.started", {}),
        ("O1", "2026-03-08T07:30", "outage.ended", {}),
    )
    month = {"period": "2026-03", "zone": "America/New_York"}
    record = await measure(service, context, {"kind": "availability"}, **month)
    minute_us = HOUR_US // 60
    assert (int(record.numerator), int(record.denominator)) == (44_520 * minute_us, 44_580 * minute_us)


async def test_a_short_outage_is_judged_whole(service: ClocksService, context: RequestContext) -> None:
    """Four minutes here and three in the next month are seven, in either of them."""
    await ingest(
        service,
        context,
        ("O1", "2026-01-31T23:56", "outage.started", {}),
        ("O1", "2026-02-01T00:03", "outage.ended", {}),
        ("O2", "2026-02-10T00:00", "outage.started", {}),
        ("O2", "2026-02-10T00:04", "outage.ended", {}),
    )
    document = {"kind": "availability", "minimum_outage": "5m"}
    january = await measure(service, context, document, period="2026-01")
    february = await measure(service, context, document, period="2026-02")
    down_us = [int(one.denominator) - int(one.numerator) for one in (january, february)]
    assert down_us == [4 * HOUR_US // 60, 3 * HOUR_US // 60]


async def test_error_rates_by_either_weight(service: ClocksService, context: RequestContext) -> None:
    """By request, by interval, and apart by the service that counted."""
    await ingest(
        service,
        context,
        ("api", "2026-02-01T00:01", "requests.counted", {"requests": 100, "errors": 1, "tier": "gold"}),
        ("api", "2026-02-01T00:06", "requests.counted", {"requests": 10, "errors": 5}),
        ("web", "2026-02-01T00:06", "requests.counted", {"requests": 90, "errors": 0}),
        ("web", "2026-02-01T00:07", "requests.counted", {"requests": "many"}),
    )
    hour = {"start": at("2026-02-01T00:00"), "end": at("2026-02-01T01:00")}
    record = await measure(service, context, {"kind": "error_rate"}, **hour, by="subject.tier")
    assert (record.numerator, record.denominator, record.unusable) == ("6", "200", 1)
    assert [(part.name, part.ratio) for part in record.parts] == [
        ("gold", Fraction(6, 110)),
        (None, Fraction(0)),
    ]
    rates = {"skip": Fraction(6, 100) / 2, "perfect": Fraction(6, 100) / 12}
    rates["failed"] = rates["perfect"] + Fraction(10, 12)
    for empty, rate in rates.items():
        document = {"kind": "error_rate", "weighting": "intervals", "empty": empty}
        assert (await measure(service, context, document, **hour)).ratio == rate


async def test_first_contact_and_handling_time(service: ClocksService, context: RequestContext) -> None:
    """Who wrote again, before or soon after, was not helped at the first contact."""
    await ingest(
        service,
        context,
        ("A", "2026-01-30T09:00", "contact.made", {}),
        ("A", "2026-02-02T10:00", "resolved", {"handled_s": 300}),
        ("B", "2026-02-02T09:00", "contact.made", {}),
        ("B", "2026-02-02T10:00", "resolved", {"handled_s": 120.5}),
        ("B", "2026-02-03T10:00", "contact.made", {}),
        ("C", "2026-01-02T09:00", "resolved", {}),
        ("C", "2026-02-02T09:00", "resolved", {}),
    )
    february = {"period": "2026-02"}
    record = await measure(service, context, {"kind": "first_contact"}, **february)
    assert (record.numerator, record.denominator) == ("2", "2")
    record = await measure(service, context, {"kind": "first_contact", "quiet": "24h"}, **february)
    assert (record.numerator, record.denominator) == ("1", "2")
    handling = {"kind": "mean", "of": {"kind": "numbers", "event": "resolved", "attribute": "handled_s"}}
    record = await measure(service, context, handling, **february)
    assert (record.ratio, record.samples, record.unusable) == (Fraction(841, 4), 2, 1)


async def test_periods_hold_their_first_instant_and_not_their_last(
    service: ClocksService, context: RequestContext
) -> None:
    """What happens as February begins is February's, what happens as it ends is March's: of every kind."""
    for subject, when in (("A", "2026-02-01T00:00"), ("B", "2026-03-01T00:00")):
        await ingest(
            service,
            context,
            (subject, "2026-01-20T00:00", "asked", {}),
            (subject, when, "answered", {"score": 5, "requests": 7, "errors": 1}),
        )
    spans = {"kind": "spans", "since": "asked", "until": "answered"}
    for document in (
        {"kind": "csat", "event": "answered"},
        {"kind": "mean", "of": spans},
        {"kind": "mean", "of": {"kind": "numbers", "event": "answered", "attribute": "score"}},
        {"kind": "first_contact", "contact": "asked", "resolved": "answered"},
        {"kind": "ratio", "event": "answered", "numerator": "errors", "denominator": "requests"},
    ):
        record = await measure(service, context, document, period="2026-02", by="subject.score")
        assert (record.samples, [part.samples for part in record.parts]) == (1, [1]), document


async def test_spans_in_business_time(service: ClocksService, context: RequestContext, office: str) -> None:
    """From one event to the next, over night: an hour of work; in the window of thirty days up to now."""
    await ingest(
        service,
        context,
        ("A", "2026-02-02T16:30", "asked", {}),
        ("A", "2026-02-03T09:30", "answered", {}),
    )
    spans = {"kind": "spans", "since": "asked", "until": "answered", "calendar": office}
    record = await measure(service, context, {"kind": "mean", "of": spans}, rolling_days=30)
    assert (record.label, record.ratio) == ("P30D", Fraction(HOUR_US))
    document = {"kind": "within", "of": spans, "bound": "1h"}
    assert (await measure(service, context, document, rolling_days=30)).ratio == 1
    assert (await measure(service, context, document, rolling_days=27)).status == "NO_DATA"


async def test_a_tenant_measures_its_own(
    service: ClocksService, context: RequestContext, as_tenant: Callable[[str], RequestContext]
) -> None:
    """Another tenant's events do not count, and measuring needs the right to read."""
    await ingest(service, context, ("S1", "2026-02-02T09:00", "survey.answered", {"score": 5}))
    other = as_tenant(f"{context.tenant_id}-2")
    assert (await measure(service, context, {"kind": "csat"}, period="2026-02")).samples == 1
    assert (await measure(service, other, {"kind": "csat"}, period="2026-02")).samples == 0
    blind = acting_for(context.tenant_id, scopes=frozenset({"ingest"}))
    with pytest.raises(Problem, match="scope read"):
        await measure(service, blind, {"kind": "csat"}, period="2026-02")


async def test_too_many_periods_are_refused(service: ClocksService, context: RequestContext) -> None:
    """A trend has a thousand points at most."""
    with pytest.raises(Exception, match="more than 1000 periods"):
        await measure(
            service,
            context,
            {"kind": "csat"},
            start=at("2020-01-01T00:00"),
            end=at("2026-01-01T00:00"),
            unit="day",
        )
