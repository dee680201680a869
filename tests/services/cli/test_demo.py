"""The demo: the same story for the same seed, of a shape that everything else can use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from cli.access import Access
from cli.applying import apply_manifests
from cli.checkpoint import Checkpoint
from cli.demo_documents import demo_manifests
from cli.demo_events import demo_events
from cli.demo_export import write_files
from cli.demo_story import REGIONS, Ticket, tell
from cli.events import BadRow
from cli.graphql import GatewayClient
from cli.importing import send_rows
from cli.servicenow import read_servicenow

MAY = datetime(2016, 5, 1, tzinfo=UTC)


def test_the_same_seed_tells_the_same_story() -> None:
    """A seed decides everything, and another seed tells another story."""
    first, last = date(2026, 3, 1), date(2026, 3, 20)
    assert list(tell(seed=1, first=first, last=last)) == list(tell(seed=1, first=first, last=last))
    assert list(tell(seed=1, first=first, last=last)) != list(tell(seed=2, first=first, last=last))


def test_a_longer_story_is_the_shorter_one_continued() -> None:
    """What happened on a day does not depend on how many days are told."""
    short = list(tell(seed=1, first=date(2026, 3, 2), last=date(2026, 3, 8)))
    long = list(tell(seed=1, first=date(2026, 3, 1), last=date(2026, 3, 31)))
    assert [ticket for ticket in long if ticket in short] == short


def test_tickets_are_sane() -> None:
    """Numbers are unique, updates in order and at whole minutes, all desks work, all ends are told."""
    tickets = list(tell(seed=1, first=date(2026, 1, 1), last=date(2026, 3, 31)))
    assert len({ticket.number for ticket in tickets}) == len(tickets) > 1000
    assert {ticket.region for ticket in tickets} == set(REGIONS)
    for ticket in tickets:
        instants = [update.at for update in ticket.updates]
        assert instants == sorted(instants)
        assert all(at.second == at.microsecond == 0 for at in instants)
        assert ticket.updates[-1].changes == {"state": "Closed"}


def test_the_files_are_an_export_that_can_be_read(tmp_path: Path) -> None:
    """Every row of the written export is an event; the documents lie beside it."""
    story = tell(seed=1, first=date(2026, 3, 1), last=date(2026, 3, 31))
    written = write_files(tmp_path, story, until=datetime(2026, 4, 1, tzinfo=UTC))
    assert [path.name for path in written] == [
        "incidents.csv",
        "agreement.yaml",
        "calendar.yaml",
        "policy.yaml",
    ]
    rows = list(read_servicenow(written[0], zone="America/Sao_Paulo"))
    assert len(rows) > 1000
    assert not [row for row in rows if isinstance(row, BadRow)]


def test_backtest_takes_the_files(tmp_path: Path) -> None:
    """The files that `demo --write` makes are what `backtest` takes, without any server."""
    meantime = [sys.executable, "-m", "cli"]
    command = [*meantime, "demo", "--write", str(tmp_path), "--until", "2026-04-01"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
    command = [*meantime, "backtest", str(tmp_path / "policy.yaml"), str(tmp_path / "incidents.csv")]
    command += ["--calendar", str(tmp_path / "calendar.yaml"), "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    outcomes = [line.split('"outcome":"')[1].split('"')[0] for line in done.stdout.splitlines()]
    assert outcomes.count("MET") > 5 * outcomes.count("BREACHED") > 0


async def test_a_tenant_is_filled_once(client: GatewayClient, access: Access, tmp_path: Path) -> None:
    """The demo goes in through the gateway, once, and its month can be assessed."""
    assert access.tenant

    def story() -> Iterator[Ticket]:
        return tell(seed=1, first=date(2016, 4, 1), last=date(2016, 4, 30))

    async for _ in apply_manifests(client, demo_manifests()):
        pass
    for is_first in (True, False):
        with Checkpoint(tmp_path / "demo.jsonl") as checkpoint:
            tally = await send_rows(demo_events(story(), until=MAY), client, checkpoint)
        checkpoint.remove()
        assert not tally.refused
        assert (tally.accepted > 1000, tally.duplicates > 1000) == (is_first, not is_first)
    fields = "credits { measurement { denominator } }"
    asked = f'{{ assessment(agreementKey: "acme", period: "2016-04") {{ {fields} }} }}'
    answered = (await client.ask(asked))["assessment"]
    assert all(owed["measurement"]["denominator"] > 300 for owed in answered["credits"])
