"""One suite for both sides of the door: the service in process, and its client over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis

from clocks.contract import Clocks
from credits.app import open_credits
from credits.contract import (
    AssessPeriod,
    AttainedTarget,
    CloseStatement,
    Credits,
    ListAgreements,
    ListStatements,
    ReadAgreement,
    ReadStatement,
    SaveAgreement,
)
from credits.domain.agreement_document import agreement_from_document
from credits.domain.assessment import assess
from credits.domain.inputs_hash import hash_inputs
from credits.domain.measurement import Measurement
from credits.domain.period import Period, month_of
from credits.settings import Settings
from serving.context import RequestContext, Scope
from serving.nudges import feed_channel
from tests.services.credits.conftest import acting_for
from tests.services.credits.counted_clocks import CountedClocks
from tests.services.credits.documents import ACME, level
from tests.services.standing_time import StandingTime

MARCH = CloseStatement(agreement_key="acme", period="2016-03")


async def save(
    door: Credits, context: RequestContext, key: str = "acme", version: int = 0, **changes: Any
) -> None:
    """Save the agreement of ACME, with changes."""
    await door.save_agreement(
        context, SaveAgreement(key=key, document=ACME | changes, expected_version=version)
    )


async def refusal(call: Any) -> tuple[str, str, str | None]:
    """Await a call that is refused, and give code, kind and field."""
    with pytest.raises(Exception, match=r".") as refused:
        await call
    error: Any = refused.value
    return error.code, error.kind, error.field


async def test_an_agreement_reads_back_as_saved(
    door: Credits, context: RequestContext, clock: StandingTime
) -> None:
    """The record says what was saved, by whom and when; the next version leaves the first as it was."""
    await save(door, context)
    await save(door, context, version=1, fee="12000.00", customer="ACME Ltda")
    record = await door.read_agreement(context, ReadAgreement(key="acme"))
    assert (record.key, record.customer, record.version) == ("acme", "ACME Ltda", 2)
    first, second = record.versions
    assert (first.document, second.document["fee"]) == (ACME, "12000.00")
    assert (first.created_at, first.created_by) == (clock.at, "user:ada")


async def test_a_version_needs_the_latest_seen(door: Credits, context: RequestContext) -> None:
    """Who saw another version than the latest is refused, and nothing is saved."""
    conflict = ("version_conflict", "conflict", "expected_version")
    for version in (1, -1, 2**63, 10**30):
        assert await refusal(save(door, context, version=version)) == conflict
    await save(door, context)
    assert await refusal(save(door, context)) == conflict
    assert await refusal(save(door, context, version=2)) == conflict
    assert (await door.read_agreement(context, ReadAgreement(key="acme"))).version == 1


async def test_of_two_savers_one_wins(door: Credits, context: RequestContext) -> None:
    """Two who amend the same version at the same time: one saves, one is refused."""
    await save(door, context)
    outcomes = await asyncio.gather(
        *(save(door, context, version=1, fee=f"{fee}.00") for fee in range(4)), return_exceptions=True
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert (await door.read_agreement(context, ReadAgreement(key="acme"))).version == 2


async def test_saving_again_with_the_same_key_answers_the_same(door: Credits, tenant: str) -> None:
    """A retry under the same idempotency key is answered as before, and adds no version."""
    context = acting_for(tenant, idempotency_key="save-1")
    request = SaveAgreement(key="acme", document=ACME)
    assert await door.save_agreement(context, request) == await door.save_agreement(context, request)
    other = SaveAgreement(key="acme", document=ACME | {"fee": "1.00"})
    assert (await refusal(door.save_agreement(context, other)))[1] == "conflict"


async def test_bad_documents_name_path_and_reason(door: Credits, context: RequestContext) -> None:
    """What a document cannot say is refused with its path on both sides of the door, and not kept."""
    broken = [level(objective="105%")]
    assert await refusal(save(door, context, levels=broken)) == (
        "agreement_invalid",
        "invalid",
        "levels[0].objective",
    )
    assert await refusal(save(door, context, zone="Mars/Olympus")) == ("zone_unknown", "invalid", "zone")
    assert await refusal(save(door, context, key="No Key")) == ("key_invalid", "invalid", "key")
    unknown = ("agreement_unknown", "not_found", "key")
    assert await refusal(door.read_agreement(context, ReadAgreement(key="acme"))) == unknown


async def test_agreements_are_listed_in_pages(door: Credits, context: RequestContext) -> None:
    """Pages come in order of key and say whether more follow."""
    for key in ("c", "a", "b"):
        await save(door, context, key=key)
    first = await door.list_agreements(context, ListAgreements(first=2))
    assert ([record.key for record in first.agreements], first.has_next) == (["a", "b"], True)
    last = await door.list_agreements(context, ListAgreements(first=2, after="b"))
    assert ([record.key for record in last.agreements], last.has_next) == (["c"], False)
    too_large = ("page_too_large", "invalid", "first")
    for size in (0, -1, 501):
        assert await refusal(door.list_agreements(context, ListAgreements(first=size))) == too_large


async def test_assessing_shows_the_sum_and_writes_nothing(
    door: Credits, context: RequestContext, clocks: CountedClocks
) -> None:
    """The month between the zone's instants is measured, 92 of 100 costs 5 %, and nothing comes of it."""
    await save(door, context)
    record = await door.assess_period(context, AssessPeriod(agreement_key="acme", period="2016-03"))
    assert (record.starts_at, record.ends_at) == (
        datetime(2016, 3, 1, 3, tzinfo=UTC),
        datetime(2016, 4, 1, 3, tzinfo=UTC),
    )
    assert (clocks.asked[0].start, clocks.asked[0].end) == (record.starts_at, record.ends_at)
    assert (record.currency, record.before_cap_minor, record.amount_minor) == ("BRL", 50_000, 50_000)
    (owed,) = record.credits
    assert (owed.verdict, owed.measurement.numerator, owed.measurement.denominator) == ("MISSED", 92, 100)
    assert [step.step for step in record.steps][-4:] == ["sum", "cap", "round", "split"]
    page = await door.list_statements(context, ListStatements())
    assert page.statements == ()


async def test_the_hash_can_be_recomputed_from_what_is_readable(
    door: Credits, context: RequestContext
) -> None:
    """Agreement and assessment, as anyone may read them, give the hash again."""
    await save(door, context)
    record = await door.assess_period(context, AssessPeriod(agreement_key="acme", period="2016-03"))
    agreement = await door.read_agreement(context, ReadAgreement(key="acme"))
    assert record.inputs_hash == hash_inputs(
        agreement_key=record.agreement_key,
        agreement_version=record.agreement_version,
        document=agreement.versions[record.agreement_version - 1].document,
        period=Period(label=record.period, starts_at=record.starts_at, ends_at=record.ends_at),
        measurements={
            owed.level: Measurement(
                numerator=owed.measurement.numerator,
                denominator=owed.measurement.denominator,
                evidence_hash=owed.measurement.evidence_hash,
            )
            for owed in record.credits
        },
    )


async def test_an_assessment_can_be_made_again_offline(door: Credits, context: RequestContext) -> None:
    """The document and the measurements, as anyone may read them, give the same amounts and steps again."""
    await save(door, context, fee="1234.56", levels=[level("a"), level("b", objective="94%")])
    record = await door.assess_period(context, AssessPeriod(agreement_key="acme", period="2016-03"))
    document = (await door.read_agreement(context, ReadAgreement(key="acme"))).versions[0].document
    measurements = {
        owed.level: Measurement(
            numerator=owed.measurement.numerator,
            denominator=owed.measurement.denominator,
            evidence_hash=owed.measurement.evidence_hash,
        )
        for owed in record.credits
    }
    period = month_of(record.period, document["zone"])
    again = assess(agreement_from_document(document), period, measurements)
    assert (again.amount.minor, again.before_cap.minor) == (record.amount_minor, record.before_cap_minor)
    assert [owed.amount_minor for owed in again.credits] == [owed.amount_minor for owed in record.credits]
    assert [(step.step, step.detail, step.result) for step in again.steps] == [
        (step.step, step.detail, step.result) for step in record.steps
    ]


async def test_a_month_in_new_york_has_the_minutes_of_its_zone(
    door: Credits, context: RequestContext
) -> None:
    """March 2026 in New York is 44,580 minutes long, since an hour of it does not exist."""
    await save(door, context, zone="America/New_York")
    record = await door.assess_period(context, AssessPeriod(agreement_key="acme", period="2026-03"))
    assert (record.ends_at - record.starts_at).total_seconds() == 44_580 * 60
    assert record.steps[0].result == "44580 minutes"


async def test_a_measure_without_a_policy_cannot_be_assessed(door: Credits, context: RequestContext) -> None:
    """The level whose policy is unknown is named, and closing is refused in the same way."""
    measure = {"kind": "attainment", "policy": "nothing", "metric": "resolution"}
    await save(door, context, levels=[level(measure=measure)])
    unmeasurable = ("level_unmeasurable", "invalid", "agreement_key")
    request = AssessPeriod(agreement_key="acme", period="2016-03")
    assert await refusal(door.assess_period(context, request)) == unmeasurable
    assert await refusal(door.close_statement(context, MARCH)) == unmeasurable


@pytest.mark.parametrize("period", ["2016-13", "March", "2016-3", "2016-03\x00", ""])
async def test_what_is_no_month_is_refused(door: Credits, context: RequestContext, period: str) -> None:
    """A label that names no month is refused by each call that takes one."""
    await save(door, context)
    invalid = ("period_invalid", "invalid", "period")
    assert (
        await refusal(door.assess_period(context, AssessPeriod(agreement_key="acme", period=period)))
        == invalid
    )
    assert (
        await refusal(door.close_statement(context, CloseStatement(agreement_key="acme", period=period)))
        == invalid
    )
    assert (
        await refusal(door.read_statement(context, ReadStatement(agreement_key="acme", period=period)))
        == invalid
    )


async def test_closing_freezes(
    door: Credits, context: RequestContext, clocks: CountedClocks, clock: StandingTime
) -> None:
    """A Statement stays as it was closed, whatever the clocks or a new version of the agreement say later."""
    await save(door, context)
    closed = await door.close_statement(context, MARCH)
    assert (closed.number, closed.closed_at, closed.closed_by) == (1, clock.at, "user:ada")
    clocks.counts["resolution"] = (0, 100)
    await save(door, context, version=1, fee="99999.00")
    assert await door.close_statement(context, MARCH) == closed
    assert await door.read_statement(context, ReadStatement(agreement_key="acme", period="2016-03")) == closed


async def test_a_month_closes_at_its_end_and_not_before(
    door: Credits, context: RequestContext, clock: StandingTime
) -> None:
    """A microsecond before the zone's month ends closing is refused; at its end it is done."""
    await save(door, context)
    clock.at = datetime(2016, 4, 1, 2, 59, 59, 999_999, tzinfo=UTC)
    assert await refusal(door.close_statement(context, MARCH)) == ("period_open", "conflict", "period")
    clock.at = datetime(2016, 4, 1, 3, tzinfo=UTC)
    assert (await door.close_statement(context, MARCH)).number == 1


async def test_concurrent_closes_make_one_statement(door: Credits, context: RequestContext) -> None:
    """Eight who close the same month at the same time all get the same Statement."""
    await save(door, context)
    closed = await asyncio.gather(*(door.close_statement(context, MARCH) for _ in range(8)))
    assert {statement.number for statement in closed} == {1}
    assert all(statement == closed[0] for statement in closed)


async def test_numbers_have_no_gaps(door: Credits, context: RequestContext) -> None:
    """Many months of many agreements closed at once, refused ones among them, count from 1 without a gap."""
    for key in ("acme", "globex"):
        await save(door, context, key=key)
    closes = [
        door.close_statement(context, CloseStatement(agreement_key=key, period=period))
        for key in ("acme", "globex", "unknown")
        for period in ("2015-11", "2015-12", "2016-01", "2016-02", "2016-03", "2016-04", "no month")
    ]
    outcomes = await asyncio.gather(*closes, return_exceptions=True)
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 7 + 2 * 2
    page = await door.list_statements(context, ListStatements())
    assert [statement.number for statement in page.statements] == list(range(1, 11))


async def test_statements_are_listed_in_pages(door: Credits, context: RequestContext) -> None:
    """Pages come in order of number, of one agreement or of all."""
    for key in ("acme", "globex"):
        await save(door, context, key=key)
    for period in ("2016-01", "2016-02"):
        for key in ("acme", "globex"):
            await door.close_statement(context, CloseStatement(agreement_key=key, period=period))
    first = await door.list_statements(context, ListStatements(first=3))
    assert ([statement.number for statement in first.statements], first.has_next) == ([1, 2, 3], True)
    rest = await door.list_statements(context, ListStatements(first=3, after=3))
    assert ([statement.number for statement in rest.statements], rest.has_next) == ([4], False)
    for after, count in ((10**30, 0), (-(10**30), 4)):
        page = await door.list_statements(context, ListStatements(after=after))
        assert len(page.statements) == count
    of_globex = await door.list_statements(context, ListStatements(agreement_key="globex"))
    assert [statement.number for statement in of_globex.statements] == [2, 4]


async def test_tenants_are_apart(door: Credits, context: RequestContext, tenant: str) -> None:
    """Another tenant sees neither agreement nor Statement, and has numbers of its own."""
    await save(door, context)
    await door.close_statement(context, MARCH)
    other = acting_for(f"{tenant}-other")
    assert (await refusal(door.read_agreement(other, ReadAgreement(key="acme"))))[0] == "agreement_unknown"
    assert (await refusal(door.close_statement(other, MARCH)))[0] == "agreement_unknown"
    assert (await door.list_statements(other, ListStatements())).statements == ()
    await save(door, other)
    assert (await door.close_statement(other, MARCH)).number == 1


NEEDS: list[tuple[str, Any, Scope]] = [
    ("save_agreement", SaveAgreement(key="acme", document=ACME), "agreements"),
    ("read_agreement", ReadAgreement(key="acme"), "read"),
    ("list_agreements", ListAgreements(), "read"),
    ("assess_period", AssessPeriod(agreement_key="acme", period="2016-03"), "billing"),
    ("close_statement", MARCH, "billing"),
    ("read_statement", ReadStatement(agreement_key="acme", period="2016-03"), "billing"),
    ("list_statements", ListStatements(), "billing"),
]


@pytest.mark.parametrize(("call", "request_", "scope"), NEEDS, ids=[need[0] for need in NEEDS])
async def test_each_call_needs_its_scope(
    door: Credits, tenant: str, call: str, request_: Any, scope: Scope
) -> None:
    """A caller with every scope but the one that a call needs is refused."""
    everything: frozenset[Scope] = frozenset(
        {"read", "ingest", "calendars", "policies", "agreements", "billing", "admin"}
    )
    context = acting_for(tenant, scopes=everything - {scope})
    assert await refusal(getattr(door, call)(context, request_)) == ("scope_missing", "forbidden", None)


async def test_what_a_period_would_cost_if(
    door: Credits, context: RequestContext, clocks: CountedClocks
) -> None:
    """Counts that are given stand in place of the measured ones; nothing is written."""
    await save(door, context)
    asked = AssessPeriod(agreement_key="acme", period="2016-03")
    stands = await door.assess_period(context, asked)
    measured = len(clocks.asked)
    attained = tuple(
        AttainedTarget(policy_key="resolution", metric="resolution", target=target, met=met, breached=8 - met)
        for target, met in (("P1", 3), ("P2", 4))
    )
    would = await door.assess_period(context, msgspec.structs.replace(asked, attained=attained))
    measurement = would.credits[0].measurement
    assert (measurement.numerator, measurement.denominator) == (7, 16)
    assert measurement.evidence_hash != stands.credits[0].measurement.evidence_hash
    assert would.amount_minor > stands.amount_minor
    assert len(clocks.asked) == measured
    assert await door.assess_period(context, asked) == stands
    wrong = msgspec.structs.replace(attained[0], met=-1)
    call = door.assess_period(context, msgspec.structs.replace(asked, attained=(wrong,)))
    assert await refusal(call) == ("count_invalid", "invalid", "attained[0].met")


async def test_followers_are_nudged_after_a_close(
    settings: Settings, clocks: CountedClocks, clock: StandingTime, context: RequestContext, redis_url: str
) -> None:
    """The nudge comes on the channel of this service's feed and names the tenant."""
    named = replace(settings, redis_url=redis_url)
    async with (
        open_credits(named, clocks=cast("Clocks", clocks), now=clock) as service,
        Redis.from_url(redis_url) as redis,
        redis.pubsub(ignore_subscribe_messages=True) as subscription,
    ):
        await save(service, context)
        await subscription.subscribe(feed_channel("credits"))
        await service.close_statement(context, MARCH)
        async with asyncio.timeout(20):
            async for nudge in subscription.listen():
                if nudge["data"].decode() == context.tenant_id:
                    return
