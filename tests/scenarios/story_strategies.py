"""Stories made up by hypothesis, which shrinks them when one fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.scenarios.story import (
    WEEKLY,
    CalendarSaying,
    Fact,
    Length,
    PolicySaying,
    Season,
    Story,
    TargetSaying,
    Warn,
)
from tests.scenarios.story_hours import MINUTE_US, hours_of_all, monday_us

__all__ = ["CHECKED_ON", "calendars", "facts", "open_enough", "policy", "stories"]

DAY = 1440
DAYS = 21
LEAST_OPEN_US = 10 * 60 * MINUTE_US
WEEK_US = 7 * DAY * MINUTE_US
CHECKED_ON = date(2026, 3, 2)

days = st.integers(0, DAYS)
minutes = st.one_of(st.integers(0, DAYS * 48).map(lambda half: half * 30), st.integers(0, DAYS * DAY))
weekly = st.sampled_from(sorted(WEEKLY))
windows = st.lists(st.sampled_from(["09:00-12:00", "11:00-13:30", "20:00-04:00", "01:30-03:30"]), max_size=2)
seasons = st.builds(
    lambda first, long, name: Season(first, first + long, name), days, st.integers(0, 9), weekly
)
zones = st.sampled_from(["Etc/UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "America/Sao_Paulo"])


def hours_said(**fixed: Any) -> st.SearchStrategy[CalendarSaying]:
    """Say hours, whatever else is fixed."""
    return st.builds(
        CalendarSaying,
        season=st.one_of(st.none(), st.none(), seasons),
        closed=st.lists(days, max_size=2, unique=True).map(lambda found: tuple(sorted(found))),
        special=st.dictionaries(days, windows.map(tuple), max_size=2).map(lambda found: tuple(found.items())),
        **{name: st.just(value) if isinstance(value, str) else value for name, value in fixed.items()},
    )


operators = st.sampled_from(["union", "union", "intersection", "difference"])


@st.composite
def calendars(draw: st.DrawFn) -> tuple[CalendarSaying, ...]:
    """Make four Calendars, of which one inherits and one is composed, and amend them."""
    zone = {"base": draw(zones), "other": draw(zones)}
    made = {
        "base": hours_said(key="base", zone=zone["base"], weekly=weekly),
        "other": hours_said(key="other", zone=zone["other"], weekly=weekly),
        "child": hours_said(key="child", parent="base", weekly=st.one_of(st.just(""), weekly)),
        "mix": st.builds(
            CalendarSaying,
            key=st.just("mix"),
            operator=operators,
            operands=st.sampled_from([("base", "other"), ("base", "other", "child"), ("child", "other")]),
        ),
    }
    sayings = [draw(made[key]) for key in made]
    if not open_enough(sayings):
        sayings = [plain(saying) for saying in sayings]
    for key in draw(st.lists(st.sampled_from(["base", "base", "other", "child", "mix"]), max_size=4)):
        amended = replace(draw(made[key]), since=draw(minutes))
        if amended.operands[:1] != sayings[3].operands[:1] and key == "mix":
            amended = replace(amended, operands=sayings[3].operands)
        if open_enough([*sayings, amended]):
            sayings.append(amended)
    return tuple(sayings)


def plain(saying: CalendarSaying) -> CalendarSaying:
    """Say the simplest that is open often enough."""
    if saying.operator:
        return replace(saying, operator="union")
    return replace(saying, weekly="office", season=None, closed=(), special=())


def open_enough(sayings: list[CalendarSaying]) -> bool:
    """Tell whether every Calendar is open for ten hours in any two weeks, so that all is due in sight."""
    start = monday_us(CHECKED_ON)
    return all(
        hours.count(start + week * WEEK_US, start + (week + 2) * WEEK_US) >= LEAST_OPEN_US
        for hours in hours_of_all(tuple(sayings), CHECKED_ON).values()
        for week in range(-4, 16, 2)
    )


lengths = st.one_of(
    st.sampled_from([60, 240, 480, 721, 1_800]).map(lambda count: Length("minutes", count)),
    st.integers(1, 3).map(lambda count: Length("days", count)),
    st.integers(0, 2).map(lambda count: Length("day_end", count)),
    st.just(Length("said")),
)
shares = st.sampled_from([33, 50, 75]).map(lambda count: Warn("share", count))
before = st.sampled_from([20, 45]).map(lambda count: Warn("minutes", count))
days_before = st.just(Warn("days", 1))


@st.composite
def targets(draw: st.DrawFn) -> tuple[TargetSaying, ...]:
    """Make two to four Targets, by priority."""
    found = []
    for number in range(draw(st.integers(2, 4))):
        length = draw(lengths)
        kinds = [shares, before] if length.kind in {"minutes", "days"} else [shares, before, days_before]
        warnings = draw(st.lists(st.one_of(kinds), max_size=2, unique=True))
        calendar = draw(st.sampled_from(["", "", "", "other", "mix"]))
        found.append(TargetSaying(f"t{number}", str(number), length, calendar, tuple(warnings)))
    return tuple(found)


def policy(since: st.SearchStrategy[int | None]) -> st.SearchStrategy[PolicySaying]:
    """Say a version of the Policy."""
    return st.builds(
        PolicySaying,
        since=since,
        starts=st.sampled_from(["event", "event", "opened", "opened", "first"]),
        repeats=st.sampled_from(["no", "no", "yes", "chained"]),
        reopen=st.sampled_from(["resume", "new", "ignore"]),
        retarget=st.sampled_from(["RECOUNT", "CARRY"]),
        targets=targets(),
    )


policies = st.builds(
    lambda first, later: (first, *later), policy(st.none()), st.lists(policy(minutes), max_size=1)
)
states = st.sampled_from(["work", "work", "work", "wait", "wait", "done", "idle", None])
priorities = st.sampled_from(["0", "0", "1", "1", "2", "3", "9"])
regions = st.sampled_from(["west", "east", "north", "south", None])
promised = st.one_of(minutes, days.map(lambda day: f"day {day}"), st.none())


@st.composite
def changes(draw: st.DrawFn, *, first: bool) -> tuple[tuple[str, str | int | None], ...]:
    """Say what changes: of the first fact nearly all, later a little."""
    found = {
        "state": states,
        "priority": priorities,
        "region": regions,
        "promised": promised,
        "opened": st.one_of(st.none(), minutes),
        "covered": st.sampled_from(["yes", "yes", "yes", "yes", "no"]),
    }
    if first:  # most stories are about a Cycle
        found["state"], found["priority"] = (
            st.sampled_from(["work", "work", "wait"]),
            st.sampled_from(["0", "1"]),
        )
        found["covered"] = st.just("yes")
    names = list(found) if first else draw(st.lists(st.sampled_from(["state", "state", *found]), max_size=3))
    return tuple((name, draw(found[name])) for name in dict.fromkeys(names))


@st.composite
def facts(draw: st.DrawFn, *, subject: str = "s", after: int = 0, most: int = 10) -> tuple[Fact, ...]:
    """Make a log of up to ten facts about a Subject, some of them by hand, numbered from `after` on."""
    found = []
    for number in range(after, after + draw(st.integers(1, most))):
        first = number == after
        at = draw(st.integers(0, 2 * DAY) if first else minutes)
        act = "" if first else draw(st.sampled_from([""] * 8 + ACTS))
        if not act:
            kind = draw(st.sampled_from(["updated"] * 12 + ["deleted"]))
            says = draw(changes(first=first))
            found.append(Fact(number=number, at=at, kind=kind, says=says, subject=subject))
        else:
            found.append(replace(draw(by_hand(number, at, act)), subject=subject))
    return tuple(found)


ACTS = ["pause", "resume", "stop", "cancel", "exclude", "exclude", "override", "revoke"]
overrides = st.one_of(
    st.sampled_from(["t0", "t1", "t3", "none"]),
    st.sampled_from([Length("minutes", 90), Length("minutes", 600), Length("days", 1)]),
)


def by_hand(number: int, at: int, act: str) -> st.SearchStrategy[Fact]:
    """Do something by hand."""
    spans = st.builds(lambda start, long: (start, start + long), minutes, st.integers(1, 2 * DAY))
    return st.builds(
        Fact,
        number=st.just(number),
        at=st.just(at),
        act=st.just(act),
        to=overrides if act == "override" else st.just(""),
        span=spans if act == "exclude" else st.just((0, 0)),
        revokes=st.integers(0, 9) if act == "revoke" else st.just(0),
    )


stories = st.builds(Story, calendars=calendars(), policies=policies, facts=facts())
