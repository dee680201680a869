"""Measures of generated events, in portions of three rows, against their slow twin: whole and in parts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from clocks.contract import EventRecord, IngestEvents, MeasurePeriods
from clocks.service import ClocksService
from clocks.storage import measures, portions
from serving.context import RequestContext
from tests.services.clocks.measures.slow_measures import Told, things_of, value_of
from tests.services.clocks.stories import at
from tests.services.standing_time import StandingTime

ORIGIN = at("2026-03-01T00:00")
START, END, NOW = 300, 2 * 1440, 36 * 60  # now is noon of 2 March: see `clock`
SPANS = {"kind": "spans", "since": "asked", "until": "up", "abandoned": "down"}
NUMBERS = {"kind": "numbers", "event": "asked", "attribute": "score"}
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "availability", "started": "down", "ended": "up"},
    {
        "kind": "first_contact",
        "contact": "asked",
        "resolved": "up",
        "reopened": "down",
        "quiet": "1h",
    },
    {"kind": "csat", "event": "asked"},
    {"kind": "nps", "event": "asked"},
    {"kind": "error_rate", "event": "counted"},
    {"kind": "ratio", "event": "counted", "numerator": "errors", "denominator": "requests"},
    *({"kind": "mean", "of": of} for of in (SPANS, NUMBERS)),
    *({"kind": "percentile", "of": of, "percent": 90} for of in (SPANS, NUMBERS)),
    *(
        {"kind": "within", "of": of, "bound": bound, "abandoned": "late_missed"}
        for of, bound in ((SPANS, "30m"), (NUMBERS, "5"))
    ),
]


def story(chance: random.Random) -> list[Told]:
    """Tell of Subjects that ask, go down, come up, are counted and change teams; now and then nonsense."""
    told: list[Told] = []
    for number in range(25):
        minutes = sorted(chance.sample(range(NOW), chance.randrange(1, 12)))
        for minute in minutes:
            attributes: dict[str, Any] = {
                "score": chance.choice([0, 1, 4, 5, 9, 10, 2.5, 11, "x", True, None])
            }
            if chance.random() < 0.3:
                attributes["team"] = chance.choice(["red", "blue"])
            total = chance.randrange(-1, 9)
            attributes |= {"requests": total, "errors": chance.choice([0, total, 3, 2**62, 1.5])}
            kind = chance.choice(["asked", "up", "down", "counted"])
            told.append(Told(f"S{number:02}", minute, kind, attributes))
    return told


def records(log: Sequence[Told]) -> tuple[EventRecord, ...]:
    """Write the story down as events."""
    return tuple(
        EventRecord(
            event_id=f"E{place}",
            subject_id=one.subject,
            occurred_at=ORIGIN + timedelta(minutes=one.minute),
            type=one.type,
            sequence=0,
            attributes=dict(one.attributes),
        )
        for place, one in enumerate(log)
    )


def team_at(log: Sequence[Told], subject: str, minute: int) -> str | None:
    """Say what was last told of a Subject's team by then."""
    teams = [
        one.attributes["team"]
        for one in log
        if one.subject == subject and one.minute <= minute and "team" in one.attributes
    ]
    return teams[-1] if teams else None


@pytest.mark.parametrize("seed", range(4))
async def test_measures_are_those_of_the_slow_twin(
    service: ClocksService,
    context: RequestContext,
    clock: StandingTime,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    """Each kind of measure, whole, by team and of one team; the same evidence whatever the portions."""
    assert clock() == ORIGIN + timedelta(minutes=NOW)
    log = story(random.Random(seed))  # noqa: S311 - a story, no secret
    receipt = await service.ingest_events(context, IngestEvents(events=records(log)))
    assert receipt.accepted == len(log)
    for document in DOCUMENTS:
        things = things_of(document, log, START, END, NOW)
        teams = [team_at(log, one.subject, one.minute) for one in things]

        async def measured(document: dict[str, Any] = document, **asked: Any) -> Any:
            request = MeasurePeriods(
                measure=document,
                start=ORIGIN + timedelta(minutes=START),
                end=ORIGIN + timedelta(minutes=END),
                **asked,
            )
            [record] = (await service.measure_periods(context, request)).measurements
            return record

        def expected(team: str | None) -> Fraction | None:
            chosen = [one for one, its in zip(things, teams, strict=True) if its == team]  # noqa: B023 - at once
            return value_of(document, chosen, START, END, NOW)  # noqa: B023 - at once

        whole = await measured()
        assert whole.ratio == value_of(document, things, START, END, NOW), (document, whole)
        by_team = await measured(by="subject.team")
        assert {part.name: part.ratio for part in by_team.parts} == {team: expected(team) for team in teams}
        of_red = await measured(where={"team": "red"})
        assert of_red.ratio == expected("red"), (document, of_red)
        with monkeypatch.context() as patched:
            patched.setattr(portions, "ROWS", 3)
            patched.setattr(measures, "MOST", 2)
            assert (
                await measured(),
                await measured(by="subject.team"),
                await measured(where={"team": "red"}),
            ) == (
                whole,
                by_team,
                of_red,
            )
