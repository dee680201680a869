"""Importing a ServiceNow export through a real gateway: every row accounted for, once, whatever happens."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cli.access import Access
from cli.checkpoint import Checkpoint
from cli.events import BadRow, EventRow
from cli.graphql import GatewayClient, GatewayRefusalError, open_gateway_client
from cli.import_report import rejected_rows, write_report
from cli.importing import Tally, send_rows
from cli.servicenow import read_servicenow
from tests.services.cli.running import access_for

HEADER = ["number", "incident_state", "priority", "opened_at", "sys_updated_at", "sys_mod_count"]


def export(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    """Write an export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def incidents(count: int, *, updates: int = 3) -> Iterator[list[str]]:
    """Make the rows of incidents, those of different ones mixed."""
    states = ["New", "Active", "Resolved", "Closed"]
    for update in range(updates):
        for number in range(count):
            minute = f"{1 + update}/3/2016 09:{number % 60:02}"
            yield [f"INC{number:04}", states[update % 4], "3", "1/3/2016 08:00", minute, str(update)]


def rows_of(path: Path) -> Iterator[EventRow | BadRow]:
    """Read it in the zone of the tests."""
    return read_servicenow(path, zone="America/Sao_Paulo")


def checkpoint_in(path: Path) -> Checkpoint:
    """Open a checkpoint."""
    return Checkpoint(path / "imports" / "test.jsonl")


async def imported(client: GatewayClient, path: Path, *, batch: int = 500, lanes: int = 4) -> Tally:
    """Import a file with a fresh checkpoint."""
    with checkpoint_in(path.parent) as checkpoint:
        tally = await send_rows(rows_of(path), client, checkpoint, batch=batch, lanes=lanes)
    checkpoint.remove()
    return tally


async def subject(client: GatewayClient, number: str) -> dict[str, Any]:
    """Read a subject's state."""
    document = "query ($id: String!) { subject(subjectId: $id) { subjectId events attributes } }"
    found: dict[str, Any] = (await client.ask(document, {"id": number}))["subject"]
    return found


async def test_every_row_gets_in_once(client: GatewayClient, tmp_path: Path) -> None:
    """All events are accepted at first, and there already the second time, in other batches."""
    path = export(tmp_path / "incidents.csv", incidents(70))
    first = await imported(client, path, batch=20, lanes=3)
    assert (first.accepted, first.duplicates, first.rows) == (210, 0, 210)
    again = await imported(client, path, batch=50, lanes=2)
    assert (again.accepted, again.duplicates, again.rows) == (0, 210, 210)
    last = await subject(client, "INC0042")
    assert (last["events"], last["attributes"]["incident_state"]) == (3, "Resolved")


async def test_bad_rows_are_told_and_the_others_get_in(client: GatewayClient, tmp_path: Path) -> None:
    """A row that is no event, and one that says something else under an id, are named by line."""
    rows = list(incidents(4, updates=1))
    rows[1][4] = "31/2/2016 09:00"
    rows += [["INC0000", "Closed", "1", "1/3/2016 08:00", "1/3/2016 09:00", "0"]]
    rows += [["INC0009", "New", "1", "1/3/2016 08:00", "1/3/2016 09:00", "9999999999"]]
    rows += [["=cmd()", "New"]]
    path = export(tmp_path / "incidents.csv", rows)
    tally = await imported(client, path)
    assert (tally.accepted, tally.rows) == (3, 7)
    rejected = rejected_rows(tally)
    assert [(row.line, row.code) for row in rejected] == [
        (3, "bad_row"),
        (6, "event_conflict"),
        (7, "bad_row"),
        (8, "bad_row"),
    ]
    assert "sys_updated_at" in rejected[0].reason
    report = tmp_path / "bad.csv"
    write_report(report, tally)
    with report.open(encoding="utf-8", newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == ["line", "event_id", "code", "reason"]
    assert [row[0] for row in written[1:]] == ["3", "6", "7", "8"]


class CutOffError(Exception):
    """The connection is gone, in the middle of an import."""


class FailingClient(GatewayClient):
    """A client that is cut off after some batches; what it sends before gets in."""

    def __init__(self, inner: GatewayClient, *, after: int) -> None:
        self._inner = inner
        self._left = after

    async def change(self, document: str, variables: Any, *, patient: bool = False) -> dict[str, Any]:
        """Send, unless cut off."""
        if self._left == 0:
            raise CutOffError
        self._left -= 1
        return await self._inner.change(document, variables, patient=patient)


@pytest.mark.parametrize("after", [0, 1, 4, 7])
async def test_an_import_that_was_cut_off_goes_on(client: GatewayClient, tmp_path: Path, after: int) -> None:
    """The second run goes on where the first was answered last, and accounts for all rows.

    What was on its way when the first ended may be sent again, and is there already.
    """
    path = export(tmp_path / "incidents.csv", [*incidents(50), ["no", "row"]])
    with checkpoint_in(tmp_path) as checkpoint, pytest.raises(CutOffError):
        await send_rows(rows_of(path), FailingClient(client, after=after), checkpoint, batch=15, lanes=2)
    with checkpoint_in(tmp_path) as checkpoint:
        tally = await send_rows(rows_of(path), client, checkpoint, batch=15, lanes=2)
    unanswered = after * 15 - tally.resumed
    assert tally.duplicates <= unanswered <= 15
    assert (tally.accepted + tally.duplicates, len(tally.bad_rows)) == (150, 1)
    assert (await subject(client, "INC0049"))["events"] == 3


async def test_a_half_written_checkpoint_costs_a_batch_sent_twice(
    client: GatewayClient, tmp_path: Path
) -> None:
    """A line that a crash has cut is forgotten; its events are sent again and are duplicates."""
    path = export(tmp_path / "incidents.csv", incidents(20))
    with checkpoint_in(tmp_path) as checkpoint:
        await send_rows(rows_of(path), client, checkpoint, batch=20, lanes=1)
    file = tmp_path / "imports" / "test.jsonl"
    file.write_bytes(file.read_bytes()[:-5])
    with checkpoint_in(tmp_path) as checkpoint:
        tally = await send_rows(rows_of(path), client, checkpoint, batch=20, lanes=1)
    assert (tally.resumed, tally.accepted, tally.duplicates) == (40, 40, 20)


async def test_a_token_of_another_tenant_is_refused(
    access: Access, database_url: str, gateway_url: str, tenant: str
) -> None:
    """Who names one tenant and holds the token of another is told both."""
    other = await access_for(database_url, gateway_url, f"{tenant}-b")
    mixed = Access(url=access.url, token=other.token, tenant=access.tenant)
    with pytest.raises(GatewayRefusalError, match=f"{tenant}-b.*{tenant}") as refused:
        async with open_gateway_client(mixed):
            pass
    assert refused.value.code == "tenant_mismatch"


async def test_a_token_that_opens_nothing_is_refused(access: Access) -> None:
    """The gateway's own reason is given."""
    wrong = Access(url=access.url, token=f"{access.token[:-4]}AAAA", tenant=access.tenant)
    with pytest.raises(GatewayRefusalError, match="key") as refused:
        async with open_gateway_client(wrong):
            pass
    assert refused.value.kind == "unauthenticated"


async def test_hostile_values_are_refused_alone(client: GatewayClient, tmp_path: Path) -> None:
    """Characters that no database holds, and texts without end, cost their own row and no other."""
    hostile = ["\0", "x" * 5_000, "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")]
    rows = [
        ["INC1", "New", value, "1/3/2016 08:00", "1/3/2016 09:00", str(n)] for n, value in enumerate(hostile)
    ]
    path = export(tmp_path / "incidents.csv", [*rows, *incidents(5)])
    tally = await imported(client, path)
    assert (tally.accepted, len(rejected_rows(tally)), tally.rows) == (15, 3, 18)
