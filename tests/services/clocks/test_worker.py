"""What a worker does for many tenants at once, and what it says about itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import asyncpg
import pytest
from asyncpg import Record

from calendars.service import CalendarsService
from clocks.app import build_worker_app, open_worker
from clocks.operations.refold_subjects import waiting_tenants
from clocks.operations.watch_transactions import OpenTransactions
from clocks.settings import Settings
from clocks.worker import Worker
from pgstore.connection import Connection
from pgstore.database import Database
from serving.client import open_session
from tests.services.listening import listening

CYCLES = """
INSERT INTO clocks.cycles (
    tenant_id, subject_id, policy_key, metric, cycle, policy_version, target, target_us, calendar_key,
    calendar_version, calendar_rule, calendar_keys, phase, outcome, started_at, due_at, fire_at,
    fire_threshold)
SELECT $1, 'T-' || n, 'resolution', 'resolution', 1, 1, 'P1', 3600000000, 'always',
       1, 'default', '{always}', 'RUNNING', 'PENDING', due - interval '1 hour', due, ARRAY[due], '{breach}'
FROM (SELECT n, statement_timestamp() - $3::interval AS due FROM generate_series(1, $2::integer) AS n) AS s
"""
BREACHED = """
SELECT tenant_id, count(*) FROM clocks.cycles
WHERE outcome = 'BREACHED' AND starts_with(tenant_id, $1) GROUP BY tenant_id
"""


WORK = "INSERT INTO clocks.refolds (tenant_id, cause, calendar_key, scope) VALUES ($1, 'a test', $2, $3)"
LEFT = """
SELECT tenant_id, failures, reason, retry_at - statement_timestamp() AS put_off
FROM clocks.refolds WHERE starts_with(tenant_id, $1)
"""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Connection]:
    """Connect as the one who owns everything."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def worker(settings: Settings, calendars: CalendarsService) -> AsyncIterator[Worker]:
    """Open a worker whose steps are the test's to take."""
    async with open_worker(settings, calendars=calendars, feed=calendars.feed) as opened:
        yield opened


async def test_a_backlog_of_one_tenant_makes_no_other_late(
    worker: Worker, owner: Connection, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has only just come due goes out with the first batch of another's backlog, not after the last."""
    monkeypatch.setattr("clocks.worker._FRESH", timedelta(hours=12))  # however slow the machine is
    await owner.execute(CYCLES, f"{tenant}-late", 3_000, timedelta(days=400))
    await owner.execute(CYCLES, f"{tenant}-fresh", 20, timedelta(0))
    assert await worker.fire_once() == 0.0
    assert await breached(owner, tenant) == {f"{tenant}-late": 1_000, f"{tenant}-fresh": 20}
    while await worker.fire_once() == 0.0:
        pass
    assert await breached(owner, tenant) == {f"{tenant}-late": 3_000, f"{tenant}-fresh": 20}
    entered = await owner.fetchval(
        "SELECT count(*) FROM clocks.firings WHERE starts_with(tenant_id, $1)", tenant
    )
    assert entered == 3_020


async def test_a_worker_says_how_late_it_is(worker: Worker, owner: Connection, tenant: str) -> None:
    """Its /metrics hold the lag from due to committed, and the age of the oldest transaction."""
    await owner.execute(CYCLES, tenant, 1, timedelta(0))
    await worker.fire_once()
    await worker.watch_once()
    async with (
        listening(build_worker_app(worker)) as url,
        open_session() as session,
        session.get(f"{url}/metrics") as answer,
    ):
        text = await answer.text()
    assert 'clocks_firing_lag_seconds_bucket{kind="breach",le="0.5"}' in text
    assert "\nclocks_oldest_transaction_seconds " in text


async def test_a_transaction_that_stays_open_is_noticed(settings: Settings, database_url: str) -> None:
    """Its age is how long it has been seen, also where it is another role's; it is forgotten once it ends."""
    database = await Database.open(settings.database_url, schema="clocks")
    other = await asyncpg.connect(database_url)
    seen = OpenTransactions()
    async with other.transaction(readonly=True):
        await other.fetchval("SELECT pg_current_snapshot()")
        assert await seen.look(database, now_s=100.0) == 0.0
        assert await seen.look(database, now_s=130.0) == 30.0
    before = set(seen._seen_s)
    await seen.look(database, now_s=140.0)
    assert before - set(seen._seen_s) != set()
    await other.close()
    await database.close()


async def test_work_of_one_tenant_that_fails_keeps_no_other_from_being_done(
    worker: Worker, owner: Connection, tenant: str
) -> None:
    """It is put off with its reason, longer each time."""
    sick, well = f"{tenant}-a", f"{tenant}-b"  # the sick one's turn comes first
    await owner.execute("DELETE FROM clocks.refolds")  # what other tests have left would come first
    await owner.execute(WORK, sick, "nowhere", "plain")
    await owner.execute(WORK, well, None, "all")
    await worker.refold_once()
    assert [(row["tenant_id"], row["failures"]) for row in await left(owner, tenant)] == [(sick, 1)]
    await owner.execute("UPDATE clocks.refolds SET retry_at = '-infinity' WHERE tenant_id = $1", sick)
    await worker.refold_once()
    (row,) = await left(owner, tenant)
    assert row["failures"] == 2
    assert timedelta(0) < row["put_off"] <= timedelta(seconds=1)
    assert "nowhere" in row["reason"]
    assert sick not in await waiting_tenants(worker._database)


async def left(owner: Connection, tenant: str) -> Sequence[Record]:
    """Read the work that is left of tenants whose id begins so, and for how long it was put off."""
    return await owner.fetch(LEFT, tenant)


async def breached(owner: Connection, tenant: str) -> Counter[str]:
    """Count the Cycles that are breached of tenants whose id begins so."""
    return Counter({row[0]: row[1] for row in await owner.fetch(BREACHED, tenant)})
