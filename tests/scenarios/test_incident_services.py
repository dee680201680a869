"""The main job on a real log, through the services: import, attainment, breaches, a statement for a month."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.applying import apply_manifests
from cli.checkpoint import Checkpoint
from cli.graphql import GatewayClient, GatewayRefusalError, open_gateway_client
from cli.importing import send_rows
from cli.manifest import read_manifests
from cli.servicenow import read_servicenow
from tests.scenarios.incident_oracle import CycleVerdict, judge, read_incidents
from tests.scenarios.test_incident_log import EXAMPLES, EXPORT, needs_export
from tests.services.cli.running import access_for, running_gateway

pytestmark = [needs_export, pytest.mark.slow]

NOW = datetime(2017, 3, 1, tzinfo=UTC)
MARCH = (datetime(2016, 3, 1, 3, tzinfo=UTC), datetime(2016, 4, 1, 3, tzinfo=UTC))
PAGE = """
query ($after: String) {
  cycles(policyKey: "resolution", first: 200, after: $after) {
    edges { node { subjectId target phase outcome startedAt dueAt breachedAt stoppedAt elapsedUs } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ATTAINMENT = """
query ($start: DateTime!, $end: DateTime!) {
  attainment(policyKey: "resolution", metric: "resolution", start: $start, end: $end) {
    met breached byTarget { target met breached }
  }
}
"""
CLOSE = """
mutation {
  closeStatement(input: {agreementKey: "service-desk", period: "2016-03"}) {
    statement {
      number closedAt
      assessment { amountMinor currency inputsHash credits { verdict measurement { numerator denominator } } }
    }
    errors { code field message }
  }
}
"""


@pytest.fixture(scope="module")
def expected() -> dict[str, CycleVerdict]:
    """Judge every incident, before a server waits for us."""
    return {incident.number: judge(incident, NOW) for incident in read_incidents(EXPORT)}


@pytest.fixture
async def client(
    database_url: str, redis_url: str, tenant: str, tmp_path: Path
) -> AsyncIterator[GatewayClient]:
    """Give a gateway in which the example documents are applied and the whole export is imported."""
    async with running_gateway(database_url, redis_url, now=NOW) as url:
        access = await access_for(database_url, url, tenant)
        async with open_gateway_client(access) as gateway:
            assert [a.done async for a in apply_manifests(gateway, read_manifests([EXAMPLES]))] == [
                "created"
            ] * 3
            with Checkpoint(tmp_path / "import.jsonl") as checkpoint:
                rows = read_servicenow(EXPORT, zone="America/Sao_Paulo")
                tally = await send_rows(rows, gateway, checkpoint)
            assert (tally.accepted, tally.duplicates, len(tally.bad_rows)) == (101_045, 0, 0)
            yield gateway


def instant(text: str | None) -> datetime | None:
    """Read an RFC 3339 instant, or None."""
    return None if text is None else datetime.fromisoformat(text)


def verdict(cycle: dict[str, Any]) -> CycleVerdict:
    """Read one Cycle that the gateway answered."""
    return CycleVerdict(
        subject=cycle["subjectId"],
        target=cycle["target"],
        phase=cycle["phase"],
        outcome=cycle["outcome"],
        started_at=datetime.fromisoformat(cycle["startedAt"]),
        due_at=instant(cycle["dueAt"]),
        breached_at=instant(cycle["breachedAt"]),
        stopped_at=instant(cycle["stoppedAt"]),
        elapsed=timedelta(microseconds=int(cycle["elapsedUs"])),
    )


async def all_cycles(client: GatewayClient) -> dict[str, CycleVerdict]:
    """Read every page."""
    found: dict[str, CycleVerdict] = {}
    after = None
    while True:
        page = (await client.ask(PAGE, {"after": after}))["cycles"]
        found |= {edge["node"]["subjectId"]: verdict(edge["node"]) for edge in page["edges"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def share_in_march(cycles: dict[str, CycleVerdict]) -> dict[str, tuple[int, int]]:
    """Count (met, breached) by target: met at the stop, breached at the due time, within March."""
    shares: dict[str, tuple[int, int]] = {}
    for cycle in cycles.values():
        at = cycle.breached_at or cycle.stopped_at
        if at is not None and MARCH[0] <= at < MARCH[1]:
            met, breached = shares.get(cycle.target, (0, 0))
            shares[cycle.target] = (met + (cycle.outcome == "MET"), breached + (cycle.outcome == "BREACHED"))
    return shares


async def test_the_log_through_the_services(expected: dict[str, CycleVerdict], client: GatewayClient) -> None:
    """Every Cycle, the attainment by priority and the statement agree with an independent computation."""
    found = await all_cycles(client)
    assert {
        number: found.get(number) for number, cycle in expected.items() if found.get(number) != cycle
    } == {}
    assert len(found) == len(expected)

    shares = share_in_march(expected)
    measured = (await client.ask(ATTAINMENT, {"start": MARCH[0].isoformat(), "end": MARCH[1].isoformat()}))[
        "attainment"
    ]
    assert {one["target"]: (one["met"], one["breached"]) for one in measured["byTarget"]} == shares

    met, breached = (sum(column) for column in zip(*shares.values(), strict=True))
    assert met * 100 < (met + breached) * 90
    statement = (await client.change(CLOSE, {}))["statement"]
    assert statement["number"] == 1
    assessment = statement["assessment"]
    assert assessment["credits"] == [
        {"verdict": "MISSED", "measurement": {"numerator": met, "denominator": met + breached}}
    ]
    assert (assessment["amountMinor"], assessment["currency"]) == (1_000_00, "BRL")
    assert (await client.change(CLOSE, {}))["statement"] == statement
    with pytest.raises(GatewayRefusalError, match="there is no agreement"):
        await client.change(CLOSE.replace("service-desk", "no-such"), {})
