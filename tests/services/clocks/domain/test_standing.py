"""Standings: what was said about a Cycle meets what is true of it now."""

from __future__ import annotations

from msgspec.structs import replace

from clocks.domain.cycle import Cycle, SubjectState
from clocks.domain.restatement import Restatement, restate
from clocks.domain.standing import CountedOn, CycleKey, Standing, notices, stand
from tests.services.clocks.domain.promises import (
    HOUR_US,
    TIMELINES,
    at_us,
    cycles_of,
    event,
    folded,
    policy_document,
    versions,
)

KEY = CycleKey("s", "p", "work", 1)
COUNTED_ON = CountedOn(TIMELINES, dict.fromkeys(TIMELINES, 1))
POLICY = versions(policy_document(targets=[{"name": "four", "duration": "4h", "warnings": ["50%"]}]))
WARNING = "four:50%"


def state_of(*log: tuple[float, str]) -> SubjectState:
    """Fold a log under four hours around the clock, warned at half."""
    return folded([event(hour, kind) for hour, kind in log], POLICY)


def cycle_of(*log: tuple[float, str]) -> Cycle:
    """Take the only Cycle of a log."""
    (cycle,) = cycles_of(state_of(*log))
    return cycle


def entered(cycle: Cycle, hours: float, before: Standing | None = None) -> Standing:
    """Enter a Cycle so many hours after Monday's midnight."""
    return stand(cycle, before, COUNTED_ON, now_us=at_us(hours))


def fire(standing: Standing) -> Standing:
    """Fire the next threshold, as the worker's statement does."""
    (at, threshold), *rest = standing.fire
    fired = replace(standing, fire=tuple(rest), fired=(*standing.fired, threshold))
    return replace(fired, outcome="BREACHED", breached_at_us=at) if threshold == "breach" else fired


def said(before: Standing | None, after: Standing | None) -> list[str]:
    """List the types of what must be said."""
    return [notice.type for notice in notices(KEY, before, after)]


def test_what_is_to_come_is_listed_in_order() -> None:
    """A running Cycle has its warning and its breach to fire, and has fired nothing."""
    standing = entered(cycle_of((0, "start")), 1)
    assert standing.fire == ((at_us(2), WARNING), (at_us(4), "breach"))
    assert (standing.outcome, standing.fired, standing.generation, standing.revision) == ("PENDING", (), 1, 0)
    assert said(None, standing) == ["cycle.changed"]


def test_a_paused_cycle_has_nothing_to_fire() -> None:
    """While a Cycle waits with time left it is not due, and the time left stands still."""
    standing = entered(cycle_of((0, "start"), (1, "wait")), 9)
    assert (standing.fire, standing.due_at_us, standing.left_us) == ((), None, 3 * HOUR_US)


def test_an_end_told_ahead_of_its_time_fires_nothing_early() -> None:
    """A stop that is still to come, after due: warning and Breach wait for their time, and the worker."""
    standing = entered(cycle_of((0, "start"), (6, "stop")), 1)
    assert standing.fire == ((at_us(2), WARNING), (at_us(4), "breach"))
    assert (standing.outcome, standing.fired, standing.breached_at_us) == ("PENDING", (), None)
    assert said(None, standing) == ["cycle.changed"]
    assert entered(cycle_of((0, "start"), (6, "stop")), 7).outcome == "BREACHED"


def test_time_left_stands_still_in_pauses_alone() -> None:
    """Overdue too; while a Cycle runs, and once it is over, there is none that does."""
    late = entered(cycle_of((0, "start"), (5, "wait")), 9)
    assert (late.due_at_us, late.left_us) == (at_us(4), -HOUR_US)
    for end in ("other", "stop", "cancel"):
        assert entered(cycle_of((0, "start"), (1, "wait"), (2, end)), 9).left_us is None


def test_what_was_fired_is_not_to_be_fired_again() -> None:
    """A pause and its end after a warning leave the warning fired, in the same generation."""
    warned = fire(entered(cycle_of((0, "start")), 1))
    paused = entered(cycle_of((0, "start"), (3, "wait")), 3, warned)
    assert (paused.fired, paused.fire, paused.generation) == ((WARNING,), (), 1)
    back = entered(cycle_of((0, "start"), (3, "wait"), (5, "other")), 5, paused)
    assert (back.fired, back.fire, back.generation) == ((WARNING,), ((at_us(6), "breach"),), 1)


def test_a_warning_that_comes_later_after_all_may_fire_again() -> None:
    """A pause told late moves a fired warning into the future: another generation."""
    warned = fire(entered(cycle_of((0, "start")), 1))
    moved = entered(cycle_of((0, "start"), (1, "wait"), (2.5, "other")), 2.6, warned)
    assert (moved.fired, moved.generation) == ((), 2)
    assert moved.fire == ((at_us(3.5), WARNING), (at_us(5.5), "breach"))


def test_an_overdue_warning_is_kept_unless_first_noticed_after_the_breach() -> None:
    """What was awaited is still owed; of what is told when all is past only the breach is."""
    awaited = entered(cycle_of((0, "start")), 1)
    overdue = entered(cycle_of((0, "start"), (5, "other")), 6, awaited)
    assert [threshold for _, threshold in overdue.fire] == [WARNING, "breach"]
    imported = entered(cycle_of((0, "start"), (5, "other")), 6)
    assert [threshold for _, threshold in imported.fire] == ["breach"]


def test_the_breach_of_an_open_cycle_is_left_to_the_worker() -> None:
    """Until it is fired the standing says PENDING, and nothing about a breach is said here."""
    overdue = entered(cycle_of((0, "start")), 6)
    assert (overdue.outcome, overdue.breached_at_us) == ("PENDING", None)
    assert said(None, overdue) == ["cycle.changed"]


def test_a_cycle_that_ended_past_due_breaches_here() -> None:
    """Stopped or cancelled after due: fired with what is told, and no warning any more."""
    for end in ("stop", "cancel"):
        ended = entered(cycle_of((0, "start"), (5, end)), 6)
        assert (ended.outcome, ended.breached_at_us, ended.fired) == ("BREACHED", at_us(4), ("breach",))
        assert ended.fire == ()
        assert said(None, ended) == ["cycle.changed", "breach.fired"]


def test_done_at_due_is_met() -> None:
    """A stop exactly at due breaches nothing; a microsecond later it does."""
    met = entered(cycle_of((0, "start"), (4, "stop")), 6)
    assert (met.outcome, met.ended_at_us) == ("MET", at_us(4))
    late = entered(cycle_of((0, "start"), (4 + 1 / 3.6e9, "stop")), 6)
    assert late.outcome == "BREACHED"


def test_a_breach_that_none_was_is_revoked() -> None:
    """A stop before due, told after the breach: revoked, with a Revision and another generation."""
    breached = fire(fire(entered(cycle_of((0, "start")), 1)))
    met = entered(cycle_of((0, "start"), (3, "stop")), 6, breached)
    assert (met.outcome, met.breached_at_us, met.generation, met.revision) == ("MET", None, 2, 1)
    (_, revoked) = notices(KEY, breached, met)
    assert (revoked.type, revoked.at_us) == ("breach.revoked", at_us(4))
    paused = entered(cycle_of((0, "start"), (3, "wait")), 6, breached)
    assert (paused.outcome, paused.fired, paused.generation) == ("PENDING", (WARNING,), 2)


def test_a_breach_that_came_later_is_restated() -> None:
    """A pause told late moves a breach, still into the past: one message with the new instant."""
    breached = fire(fire(entered(cycle_of((0, "start")), 1)))
    moved = entered(cycle_of((0, "start"), (1, "wait"), (2, "other")), 9, breached)
    assert (moved.breached_at_us, moved.generation, moved.revision) == (at_us(5), 2, 1)
    (_, restated) = notices(KEY, breached, moved)
    assert (restated.type, restated.at_us) == ("breach.restated", at_us(5))


def test_a_breach_that_stands_is_not_said_again() -> None:
    """What comes after a breach changes nothing about it."""
    breached = fire(fire(entered(cycle_of((0, "start")), 1)))
    stopped = entered(cycle_of((0, "start"), (8, "stop")), 9, breached)
    assert said(breached, stopped) == ["cycle.changed"]
    assert (stopped.generation, stopped.revision) == (1, 0)
    again = entered(cycle_of((0, "start"), (8, "stop"), (9, "start")), 10, stopped)
    assert (again.outcome, again.fire, again.generation) == ("BREACHED", (), 1)


def restated(before: SubjectState, known: SubjectState, after: SubjectState, hours: float) -> Restatement:
    """Restate what stood so many hours after midnight."""
    standings = {KEY: entered(cycles_of(before)[0], hours)} if cycles_of(before) else {}
    return restate(known, after, standings, COUNTED_ON, now_us=at_us(hours))


def test_progress_makes_no_revision_and_a_late_fact_does() -> None:
    """Compared is what would have stood before, had all been known: a late pause, not the stop after it."""
    before = state_of((0, "start"), (1, "other"))
    stopped = state_of((0, "start"), (1, "other"), (2, "stop"))
    assert restated(before, before, stopped, 1.5).revised == ()
    known = state_of((0, "start"), (0.5, "wait"), (1, "other"))
    late = state_of((0, "start"), (0.5, "wait"), (1, "other"), (2, "stop"))
    told = restated(before, known, late, 1.5)
    assert told.revised == (KEY,)
    assert told.saved[KEY].revision == 1


def test_a_cycle_that_never_was_is_taken_away_and_may_come_back() -> None:
    """It leaves a Revision, its breach is revoked, and a Cycle of the same key counts on from there."""
    before = state_of((0, "start"), (5, "stop"))
    none = state_of((0, "other"))
    gone = restated(before, none, none, 6)
    assert (gone.removed, gone.revised, dict(gone.saved)) == ((KEY,), (KEY,), {})
    assert [notice.type for notice in gone.notices] == ["cycle.changed", "breach.revoked"]
    back = restate(none, before, {}, COUNTED_ON, now_us=at_us(6), past={KEY: (3, 5)})
    assert (back.saved[KEY].generation, back.saved[KEY].revision) == (4, 6)


def test_cycles_that_nothing_touched_are_left_alone() -> None:
    """With the state that the standings were written from, an equal Cycle is not even looked at."""
    before = state_of((0, "start"))
    after = replace(before, attributes={"colour": "blue"}, events=2)
    standings = {KEY: entered(cycles_of(before)[0], 1)}
    untouched = restate(before, after, standings, COUNTED_ON, now_us=at_us(1), before=before)
    assert (dict(untouched.saved), untouched.notices) == ({}, ())
    amended = CountedOn(TIMELINES, dict.fromkeys(TIMELINES, 2))
    looked_at = restate(before, after, standings, amended, now_us=at_us(1), before=before)
    assert looked_at.saved[KEY].calendar_version == 2
    assert (looked_at.revised, looked_at.notices) == ((), ())


def test_what_ends_at_this_very_instant_is_over() -> None:
    """Its Breach is entered with it, and not left to the worker."""
    ended = entered(cycle_of((0, "start"), (6, "stop")), 6)
    assert (ended.outcome, ended.fired, ended.fire) == ("BREACHED", ("breach",), ())


def test_a_warning_that_now_comes_at_this_very_instant_has_not_come() -> None:
    """A threshold is fired a microsecond after its time: it may fire again."""
    warned = fire(entered(cycle_of((0, "start")), 1))
    moved = entered(cycle_of((0, "start"), (1, "wait"), (2, "other")), 3, warned)
    assert (moved.fired, moved.fire[0], moved.generation) == ((), (at_us(3), WARNING), 2)


def test_a_cycle_that_would_not_have_been_yet_is_restated() -> None:
    """A late fact undoes its start, and what is new starts it after all: its earlier numbers are kept."""
    before, known = state_of((0, "start")), state_of((0, "other"))
    told = restated(before, known, state_of((0, "other"), (2, "start")), 3)
    assert (told.revised, told.saved[KEY].revision) == ((KEY,), 1)
