"""One suite for both sides of the door: the service in process, and its client over HTTP."""

from __future__ import annotations

import copy
from collections.abc import Awaitable
from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from clocks.contract import (
    Clocks,
    EventRecord,
    IngestEvents,
    IngestReceipt,
    ListCycles,
    ListPolicies,
    MeasureAttainment,
    ReadPolicy,
    ReadSubject,
    SavePolicy,
)
from serving.context import RequestContext
from serving.problems import describe
from tests.services.clocks.conftest import acting_for
from tests.services.clocks.stories import SUPPORT, at, event
from tests.services.standing_time import StandingTime

HOUR_US = 3_600_000_000
NAIVE = at("2026-03-02T09:00").replace(tzinfo=None)


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


@pytest.mark.usefixtures("support")
async def test_an_open_ticket_is_read_at_any_instant(door: Clocks, context: RequestContext) -> None:
    """Elapsed and remaining follow the business hours; a reading in the past sees the Cycle as it stood."""
    await ingest(door, context, event("e1", "T-1", "2026-03-02T09:00", priority="2"))
    (now,) = (await door.read_subject(context, ReadSubject(subject_id="T-1"))).cycles
    assert (now.elapsed_us, now.remaining_us, now.ticking) == (3 * HOUR_US, 5 * HOUR_US, True)
    assert (now.due_at, now.next_change_at) == (at("2026-03-02T17:00"), at("2026-03-02T17:00"))
    earlier = ReadSubject(subject_id="T-1", at=at("2026-03-02T10:00"))
    (then,) = (await door.read_subject(context, earlier)).cycles
    assert (then.elapsed_us, then.outcome, then.read_at) == (HOUR_US, "PENDING", at("2026-03-02T10:00"))
    later = ReadSubject(subject_id="T-1", at=at("2026-03-02T17:00") + timedelta(microseconds=1))
    (breached,) = (await door.read_subject(context, later)).cycles
    assert (breached.outcome, breached.breached_at) == ("BREACHED", at("2026-03-02T17:00"))


@pytest.mark.usefixtures("support")
async def test_an_event_is_taken_once(door: Clocks, context: RequestContext) -> None:
    """The same event again is a duplicate, within a batch and across; other content is a conflict."""
    first = event("e1", "T-1", "2026-03-02T09:00", priority="2")
    again = await ingest(door, context, first, first)
    assert (again.accepted, again.duplicates) == (1, 1)
    changed = event("e1", "T-1", "2026-03-02T09:00", priority="1")
    fresh = event("e2", "T-2", "2026-03-02T09:00", priority="2")
    receipt = await ingest(door, context, first, changed, fresh)
    assert (receipt.accepted, receipt.duplicates) == (1, 1)
    (refused,) = receipt.refused
    assert (refused.index, refused.event_id, refused.code) == (1, "e1", "event_conflict")
    assert (await ingest(door, context, changed)).refused[0].code == "event_conflict"
    subject = await door.read_subject(context, ReadSubject(subject_id="T-1"))
    assert (subject.events, subject.attributes) == (1, {"priority": "2"})


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        (
            EventRecord(event_id="x", subject_id="T", occurred_at=NAIVE, type="t"),
            "time_naive",
            "occurred_at",
        ),
        (event("x", "T", "1816-03-02T09:00"), "time_out_of_bounds", "occurred_at"),
        (event("x", "T", "2216-03-02T09:00"), "time_out_of_bounds", "occurred_at"),
        (event("", "T", "2026-03-02T09:00"), "event_invalid", "event_id"),
        (event("x", "", "2026-03-02T09:00"), "event_invalid", "subject_id"),
        (event("x", "T", "2026-03-02T09:00", type=""), "event_invalid", "type"),
        (event("x" * 201, "T", "2026-03-02T09:00"), "event_invalid", "event_id"),
        (event("x\x00", "T", "2026-03-02T09:00"), "event_invalid", "event_id"),
        (event("x", "T", "2026-03-02T09:00", a={"b": 1}), "event_invalid", "attributes.a"),
        (event("x", "T", "2026-03-02T09:00", a=[1]), "event_invalid", "attributes.a"),
        (event("x", "T", "2026-03-02T09:00", a="\x00"), "event_invalid", "attributes.a"),
        (event("x", "T", "2026-03-02T09:00", a="a" * 4_001), "event_invalid", "attributes.a"),
        (
            event("x", "T", "2026-03-02T09:00", **{f"a{n}": n for n in range(201)}),
            "event_invalid",
            "attributes",
        ),
        (
            event("x", "T", "2026-03-02T09:00", **{f"a{n}": "é" * 3_000 for n in range(15)}),
            "event_too_large",
            "attributes",
        ),
    ],
)
@pytest.mark.usefixtures("support")
async def test_a_wrong_event_is_refused_alone(
    door: Clocks, context: RequestContext, wrong: EventRecord, code: str, field: str
) -> None:
    """The refusal names place, code and field; the rest of the batch is taken."""
    good = event("e1", "T-1", "2026-03-02T09:00")
    receipt = await ingest(door, context, good, wrong)
    assert receipt.accepted == 1
    (refused,) = receipt.refused
    assert (refused.index, refused.code, refused.field) == (1, code, field)
    assert field in refused.message


@pytest.mark.usefixtures("support")
async def test_a_batch_is_bounded(door: Clocks, context: RequestContext) -> None:
    """A batch of 1,001 events is refused as a whole; an empty one is taken."""
    many = [event(f"e{n}", "T-1", "2026-03-02T09:00") for n in range(1_001)]
    assert await refusal(ingest(door, context, *many)) == ("batch_too_large", "invalid", "events")
    assert (await ingest(door, context)).accepted == 0


@pytest.mark.usefixtures("support")
async def test_a_late_event_leaves_the_earlier_numbers_readable(
    door: Clocks, context: RequestContext
) -> None:
    """A pause that is told late moves due; the Cycle has a revision, and is that of the log in order."""
    await ingest(door, context, event("e1", "T-1", "2026-03-02T09:00", priority="1"))
    await ingest(door, context, event("e3", "T-1", "2026-03-02T11:00", state="open"))
    await ingest(door, context, event("e2", "T-1", "2026-03-02T10:00", state="waiting"))
    (cycle,) = (await door.read_subject(context, ReadSubject(subject_id="T-1"))).cycles
    assert (cycle.due_at, cycle.elapsed_us, cycle.revision) == (at("2026-03-02T14:00"), 2 * HOUR_US, 1)


async def test_lists_are_pages_in_order(door: Clocks, context: RequestContext, support: str) -> None:
    """Pages follow each other without gap or repetition, and filters narrow them."""
    events = [
        event(f"e{n}", f"T-{n:02}", f"2026-03-02T09:{n:02}", priority=str(1 + n % 2), state="new")
        for n in range(23)
    ]
    await ingest(door, context, *events)
    await ingest(door, context, event("s", "T-07", "2026-03-02T10:00", state="solved"))
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await door.list_cycles(context, ListCycles(first=10, after=after))
        seen += [cycle.subject_id for cycle in page.cycles]
        after = page.cursors[-1]
        if not page.has_next:
            break
    assert seen == [f"T-{n:02}" for n in range(23)]
    solved = await door.list_cycles(context, ListCycles(phase="STOPPED", outcome="MET"))
    assert [cycle.subject_id for cycle in solved.cycles] == ["T-07"]
    urgent = await door.list_cycles(context, ListCycles(policy_key=support, metric="resolution", target="P1"))
    assert [cycle.subject_id for cycle in urgent.cycles] == [f"T-{n:02}" for n in range(0, 23, 2)]
    due = await door.list_cycles(context, ListCycles(due_before=at("2026-03-02T13:05")))
    assert [cycle.subject_id for cycle in due.cycles] == ["T-00", "T-02", "T-04"]
    assert (await door.list_cycles(context, ListCycles(metric="nothing"))).cycles == ()


@pytest.mark.usefixtures("support")
async def test_an_open_cycle_past_due_is_listed_as_breached(door: Clocks, context: RequestContext) -> None:
    """Lists and measures do not wait for a worker to notice a Breach."""
    await ingest(door, context, event("e1", "T-1", "2026-03-02T05:00", priority="2"))
    await ingest(door, context, event("e2", "T-2", "2026-02-27T12:30", priority="1"))
    breached = await door.list_cycles(context, ListCycles(outcome="BREACHED"))
    assert [(c.subject_id, c.phase, c.breached_at) for c in breached.cycles] == [
        ("T-2", "RUNNING", at("2026-02-27T16:30"))
    ]
    pending = await door.list_cycles(context, ListCycles(outcome="PENDING"))
    assert [cycle.subject_id for cycle in pending.cycles] == ["T-1"]


async def test_attainment_counts_met_and_breached_in_the_period(
    door: Clocks, context: RequestContext, support: str
) -> None:
    """Met counts when it was stopped, breached when it was due, pending is what is open at the end."""
    await ingest(
        door,
        context,
        event("a1", "A", "2026-02-02T09:00", priority="1"),
        event("a2", "A", "2026-02-02T13:00", state="solved"),
        event("b1", "B", "2026-02-02T09:00", priority="1"),
        event("b2", "B", "2026-02-02T13:00:00.000001", state="solved"),
        event("c1", "C", "2026-02-27T16:00", priority="2"),
        event("d1", "D", "2026-02-27T10:00", priority="1"),
        event("f1", "F", "2026-02-27T10:00", priority="1"),
        event("f2", "F", "2026-02-27T10:30", type="deleted"),
    )
    february = MeasureAttainment(
        policy_key=support, metric="resolution", start=at("2026-02-01T00:00"), end=at("2026-03-01T00:00")
    )
    measured = await door.measure_attainment(context, february)
    assert (measured.met, measured.breached, measured.pending) == (1, 2, 1)
    assert [(one.target, one.met, one.breached) for one in measured.by_target] == [("P1", 1, 2)]
    again = await door.measure_attainment(context, february)
    assert again.evidence_hash == measured.evidence_hash
    upto = msgspec.structs.replace(february, end=at("2026-02-02T13:00"))
    before = await door.measure_attainment(context, upto)
    assert (before.met, before.breached, before.pending) == (0, 0, 2)
    assert before.evidence_hash != measured.evidence_hash
    narrowed = await door.measure_attainment(context, msgspec.structs.replace(february, target="P2"))
    assert (narrowed.met, narrowed.breached, narrowed.pending) == (0, 0, 1)


@pytest.mark.usefixtures("office")
async def test_a_policy_is_saved_in_versions(
    door: Clocks, context: RequestContext, clock: StandingTime
) -> None:
    """A version holds from its instant; the one expected must be the latest; all are read back."""
    first = await door.save_policy(context, SavePolicy(key="support", document=SUPPORT))
    assert (first.version, first.versions[0].effective_from, first.name) == (1, None, "Support")
    renamed = SUPPORT | {"name": "Support 24"}
    second = await door.save_policy(context, SavePolicy(key="support", document=renamed, expected_version=1))
    assert (second.version, second.name) == (2, "Support 24")
    assert second.versions[1].effective_from == clock.at
    assert (await door.read_policy(context, ReadPolicy(key="support"))).versions == second.versions
    for expected in (0, 1, 3):
        stale = SavePolicy(key="support", document=SUPPORT, expected_version=expected)
        assert await refusal(door.save_policy(context, stale)) == (
            "version_conflict",
            "conflict",
            "expected_version",
        )
    await door.save_policy(context, SavePolicy(key="another", document=SUPPORT))
    page = await door.list_policies(context, ListPolicies(first=1))
    assert ([policy.key for policy in page.policies], page.has_next) == (["another"], True)
    rest = await door.list_policies(context, ListPolicies(after="another"))
    assert ([policy.key for policy in rest.policies], rest.has_next) == (["support"], False)


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        (("calendars", "default"), "nowhere", "calendar_unknown", "calendars.default"),
        (
            ("calendars",),
            {"default": "office", "attribute": "region", "mapping": {"emea": "london"}},
            "calendar_unknown",
            "calendars.mapping.emea",
        ),
        (
            ("metrics", "resolution", "targets"),
            [{"name": "P", "when": "true", "duration": "4h", "calendar": "No such"}],
            "calendar_unknown",
            "metrics.resolution.targets[0].calendar",
        ),
        (
            ("metrics", "resolution", "stop"),
            "subject.state ==",
            "condition_invalid",
            "metrics.resolution.stop",
        ),
        (("metrics", "resolution", "stop"), "1", "condition_not_boolean", "metrics.resolution.stop"),
    ],
)
@pytest.mark.usefixtures("office")
async def test_a_wrong_policy_is_refused_with_its_path(
    door: Clocks,
    context: RequestContext,
    path: tuple[str, ...],
    value: object,
    code: str,
    field: str,
) -> None:
    """A Calendar that is not there and a condition that does not compile are refused, nothing is saved."""
    document = copy.deepcopy(SUPPORT)
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    refused = await refusal(door.save_policy(context, SavePolicy(key="wrong", document=document)))
    assert (refused[0], refused[2]) == (code, field)
    assert (await refusal(door.read_policy(context, ReadPolicy(key="wrong"))))[0] == "policy_unknown"


@pytest.mark.usefixtures("office")
async def test_a_policy_is_saved_once_under_an_idempotency_key(door: Clocks, context: RequestContext) -> None:
    """The same request again gets the same answer and no second version; another request is refused."""
    keyed = msgspec.structs.replace(context, idempotency_key="once")
    request = SavePolicy(key="support", document=SUPPORT)
    first = await door.save_policy(keyed, request)
    assert await door.save_policy(keyed, request) == first
    other = msgspec.structs.replace(request, key="other")
    assert (await refusal(door.save_policy(keyed, other)))[0] == "idempotency_conflict"


async def test_what_is_not_there_is_named(door: Clocks, context: RequestContext, support: str) -> None:
    """Unknown subjects, policies and metrics, bad pages, cursors and periods have a code and a field each."""
    february = MeasureAttainment(
        policy_key=support, metric="resolution", start=at("2026-02-01T00:00"), end=at("2026-03-01T00:00")
    )
    expected = {
        ("subject_unknown", "not_found", "subject_id"): door.read_subject(
            context, ReadSubject(subject_id="no")
        ),
        ("policy_unknown", "not_found", "key"): door.read_policy(context, ReadPolicy(key="no")),
        ("policy_unknown", "not_found", "policy_key"): door.measure_attainment(
            context,
            MeasureAttainment(policy_key="no", metric="resolution", start=february.start, end=february.end),
        ),
        ("metric_unknown", "not_found", "metric"): door.measure_attainment(
            context,
            MeasureAttainment(policy_key=support, metric="no", start=february.start, end=february.end),
        ),
        ("period_empty", "invalid", "end"): door.measure_attainment(
            context,
            MeasureAttainment(policy_key=support, metric="resolution", start=february.end, end=february.end),
        ),
        ("page_too_large", "invalid", "first"): door.list_cycles(context, ListCycles(first=501)),
        ("cursor_invalid", "invalid", "after"): door.list_cycles(context, ListCycles(after="no")),
        ("time_out_of_bounds", "invalid", "at"): door.read_subject(
            context,
            ReadSubject(subject_id="T-1", at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
        ),
        ("time_naive", "invalid", "due_before"): door.list_cycles(context, ListCycles(due_before=NAIVE)),
        ("text_invalid", "invalid", "subject_id"): door.read_subject(context, ReadSubject(subject_id="\x00")),
        ("text_invalid", "invalid", "target"): door.list_cycles(context, ListCycles(target="\x00")),
        ("text_invalid", "invalid", "key"): door.read_policy(context, ReadPolicy(key="\x00")),
    }
    for refused, call in expected.items():
        assert await refusal(call) == refused


async def test_each_call_needs_its_scope(door: Clocks, tenant: str, support: str) -> None:
    """Without the scope a call is forbidden, whatever else the caller may do."""
    nobody = acting_for(tenant, scopes=frozenset({"admin"}))
    calls = [
        door.save_policy(nobody, SavePolicy(key="p", document=SUPPORT)),
        door.read_policy(nobody, ReadPolicy(key=support)),
        door.list_policies(nobody, ListPolicies()),
        ingest(door, nobody, event("e1", "T-1", "2026-03-02T09:00")),
        door.read_subject(nobody, ReadSubject(subject_id="T-1")),
        door.list_cycles(nobody, ListCycles()),
    ]
    for call in calls:
        assert (await refusal(call))[:2] == ("scope_missing", "forbidden")


@pytest.mark.usefixtures("support")
async def test_tenants_see_nothing_of_each_other(door: Clocks, context: RequestContext) -> None:
    """The same ids in another tenant are other things."""
    await ingest(door, context, event("e1", "T-1", "2026-03-02T09:00"))
    other = acting_for(f"{context.tenant_id}-other")
    assert (await refusal(door.read_subject(other, ReadSubject(subject_id="T-1"))))[0] == "subject_unknown"
    assert (await door.list_cycles(other, ListCycles())).cycles == ()
    assert (await ingest(door, other, event("e1", "T-9", "2026-03-02T10:00"))).accepted == 1


async def ingest(door: Clocks, context: RequestContext, *events: EventRecord) -> IngestReceipt:
    """Send a batch."""
    return await door.ingest_events(context, IngestEvents(events=events))


async def refusal(call: Awaitable[object]) -> tuple[str, str, str | None]:
    """Await a call that must be refused, and tell the code, the kind and the field."""
    with pytest.raises(Exception) as refused:  # noqa: PT011 - either side of the door raises its own class
        await call
    problem = describe(refused.value)
    assert problem is not None, refused.value
    return problem.code, problem.kind, problem.field
