"""Attainment reports on a generated story, against sums over the Subjects as the door tells them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

import pytest

from clocks.contract import (
    CycleRecord,
    EventRecord,
    IngestEvents,
    MeasureAttainment,
    MeasurementRecord,
    MeasurePeriods,
    ReadSubject,
)
from clocks.service import ClocksService
from serving.context import RequestContext
from tests.services.clocks.stories import at, event

START, END = at("2026-01-01T00:00"), at("2026-03-01T00:00")
SUBJECTS = 40
MICROSECOND = timedelta(microseconds=1)
MOVES: list[dict[str, str | None]] = [
    {"team": "r"},
    {"team": "b"},
    {"team": None},
    {"state": "waiting"},
    {"state": "open"},
]
ENDS: list[dict[str, str | None]] = [{"state": "solved"}, {"team": "g"}]


def story(chance: random.Random) -> list[EventRecord]:
    """Tell of tickets that change team and priority, wait, and are solved or not."""
    told: list[EventRecord] = []
    for number in range(SUBJECTS):
        now = START + timedelta(minutes=chance.randrange(60 * 24 * 50))
        changes: list[dict[str, str | None]] = [
            {"priority": chance.choice("12"), "team": chance.choice("rgb")},
            *(chance.choice(MOVES) for _ in range(chance.randrange(5))),
            *ENDS[: chance.randrange(3)],
        ]
        for place, attributes in enumerate(changes):
            when = now.strftime("%Y-%m-%dT%H:%M")
            told.append(event(f"{number}-{place}", f"T{number:02}", when, sequence=place, **attributes))
            now += timedelta(minutes=chance.randrange(600))
    return told


def team_at(told: Sequence[EventRecord], cycle: CycleRecord) -> str | None:
    """Replay a Subject's log up to the instant that counts."""
    counted_at = cycle.stopped_at if cycle.outcome == "MET" else cycle.breached_at
    assert counted_at is not None
    team = None
    for one in sorted(told, key=lambda one: (one.occurred_at, one.sequence)):
        if one.subject_id == cycle.subject_id and one.occurred_at <= counted_at:
            team = one.attributes.get("team", team)
    return team


@pytest.mark.parametrize("seed", range(3))
async def test_reports_equal_sums_over_subjects(
    service: ClocksService, context: RequestContext, support: str, seed: int
) -> None:
    """Whole, by target, by team and by week: each is what counting by hand gives, and parts add up."""
    chance = random.Random(seed)  # noqa: S311 - a story, no secret
    told = story(chance)
    shuffled = chance.sample(told, len(told))
    receipt = await service.ingest_events(context, IngestEvents(events=tuple(shuffled)))
    assert receipt.accepted == len(told)
    cycles = [
        cycle
        for number in range(SUBJECTS)
        for cycle in (await service.read_subject(context, ReadSubject(subject_id=f"T{number:02}"))).cycles
        if cycle.outcome != "PENDING" and START <= (cycle.breached_at or cycle.stopped_at or START) < END
    ]

    async def measured(
        document: Mapping[str, object] | None = None, **asked: str
    ) -> Sequence[MeasurementRecord]:
        request = MeasurePeriods(
            measure=dict(document or {"kind": "attainment", "policy": support}),
            start=START,
            end=END,
            **asked,  # type: ignore[arg-type] # by and unit
        )
        return (await service.measure_periods(context, request)).measurements

    def counted(names: Sequence[str | None]) -> dict[str | None, Fraction]:
        kept = Counter(name for name, cycle in zip(names, cycles, strict=True) if cycle.outcome == "MET")
        return {name: Fraction(kept[name], count) for name, count in Counter(names).items()}

    [by_team] = await measured(by="subject.team")
    assert by_team.ratio == counted([None] * len(cycles))[None]
    teams = [team_at(told, cycle) for cycle in cycles]
    assert {part.name: part.ratio for part in by_team.parts} == counted(teams)
    [by_target] = await measured(by="target")
    assert {part.name: part.ratio for part in by_target.parts} == counted([one.target for one in cycles])
    weeks = await measured(unit="week")
    assert sum(int(week.numerator) for week in weeks) == int(by_team.numerator)
    assert sum(int(week.denominator) for week in weeks) == int(by_team.denominator) == len(cycles)
    stopped = [(cycle, cycle.stopped_at) for cycle in cycles if cycle.stopped_at is not None]
    times = {
        "business": [cycle.elapsed_us for cycle, _ in stopped],
        "elapsed": [(stop - cycle.started_at) // MICROSECOND for cycle, stop in stopped],
    }
    for time, took_us in times.items():
        mean = {"kind": "mean", "of": {"kind": "cycles", "policy": support, "time": time}}
        [record] = await measured(mean)
        assert record.ratio == Fraction(sum(took_us), len(took_us))
    old = MeasureAttainment(policy_key=support, metric="resolution", start=START, end=END)
    attained = await service.measure_attainment(context, old)
    assert (attained.met, attained.met + attained.breached) == (
        int(by_team.numerator),
        int(by_team.denominator),
    )
