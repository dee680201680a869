"""`meantime rehearse` and `meantime verify` as a user has them: on a real server, and on what it answered."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from cli.access import Access
from cli.graphql import GatewayClient, open_gateway_client
from cli.rehearsing import Question, Rehearsal, rehearse
from tests.services.cli.stacks import clean_environment
from tests.services.cli.test_graphql import VIEWER, answering
from tests.services.cli.test_import_servicenow import export, imported, incidents

EXAMPLES = Path(__file__).parents[3] / "services" / "cli" / "examples" / "servicenow"
RECEIPT = '{ cycleReceipt(subjectId: "INC0001", policyKey: "resolution", metric: "resolution") { document } }'
PAGE = {
    "at": "2016-05-20T12:00:00Z",
    "subjects": 1,
    "events": 1,
    "totalSubjects": 9,
    "cursor": "a",
    "advice": [],
}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int | None
    out: str
    err: str


async def start(access: Access, *arguments: str) -> asyncio.subprocess.Process:
    """Start a command."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=clean_environment(MEANTIME_URL=access.url, MEANTIME_TOKEN=access.token, COLUMNS="140"),
    )


async def run(access: Access, *arguments: str) -> Ended:
    """Run a command to its end."""
    process = await start(access, *arguments)
    out, err = await process.communicate()
    return Ended(code=process.returncode, out=out.decode(), err=err.decode())


@pytest.fixture
async def recorded(access: Access, client: GatewayClient, tmp_path: Path) -> Access:
    """Apply the examples, and import ten incidents of March 2016, each resolved within 21 hours of 24."""
    applied = await run(access, "apply", "-f", str(EXAMPLES))
    assert applied.code == 0, applied.err
    await imported(client, export(tmp_path / "incidents.csv", incidents(10)))
    return access


@pytest.fixture
def shorter(tmp_path: Path) -> Path:
    """Promise P3 in 20 hours."""
    document = yaml.safe_load((EXAMPLES / "policy.yaml").read_text(encoding="utf-8"))
    document["metrics"]["resolution"]["targets"][2]["duration"] = "20h"
    path = tmp_path / "shorter.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


MONEY = ("--agreement", "service-desk", "--period", "2016-03")


async def test_attainment_flips_and_money(recorded: Access, shorter: Path) -> None:
    """Ten met would be ten breached: each is named, and the month would cost a tenth of the fee."""
    command = ("rehearse", str(shorter), "--policy", "resolution", *MONEY)
    ended = await run(recorded, *command, "--format", "json")
    assert ended.code == 0, ended.err
    *flips, summary = map(json.loads, ended.out.splitlines())
    assert len(flips) == summary["flips"] == summary["subjects"] == 10
    assert {(each["outcomeBefore"], each["outcomeAfter"]) for each in flips} == {("MET", "BREACHED")}
    assert summary["targets"] == [
        {
            "metric": "resolution",
            "target": "P3",
            "before": {"met": 10, "breached": 0},
            "after": {"met": 0, "breached": 10},
        }
    ]
    assert summary["money"] == {"currency": "BRL", "before_minor": 0, "after_minor": 100_000}
    table = await run(recorded, *command)
    assert "100.00 %" in table.out
    assert "10 cycles would have another outcome." in table.out
    assert "The period costs 0.00 BRL, and would cost 1000.00 BRL." in table.out
    assert all(each["subjectId"] in table.out for each in flips), "named in full on 80 columns"


async def test_another_calendar(recorded: Access, tmp_path: Path) -> None:
    """Round the clock, 24 hours are over a day later: all would be breached."""
    calendar = tmp_path / "always.yaml"
    calendar.write_text("zone: America/Sao_Paulo\nhours: {mon-sun: ['00:00-24:00']}\n", encoding="utf-8")
    command = ("rehearse", "--policy", "resolution", "--calendar", f"service-desk={calendar}")
    ended = await run(recorded, *command, "--format", "json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out.splitlines()[-1])["flips"] == 10


async def test_refusals_are_one_line(recorded: Access, tmp_path: Path) -> None:
    """An unknown policy, half of the money, a calendar without a file: one line each, exit code 1."""
    desk = EXAMPLES / "calendar.yaml"
    for arguments, reason in (
        (["--policy", "other"], "there is no policy 'other'"),
        (["--policy", "resolution", "--period", "2016-03"], "--agreement and --period go together"),
        (["--policy", "resolution", "--calendar", "service-desk"], "KEY=FILE is needed"),
        (
            ["--policy", "resolution", "--agreement", "servicedesk", "--period", "2016-03"],
            "meantime: --agreement: there is no agreement 'servicedesk'",
        ),
        (["--policy", "resolution", *MONEY[:3], "March"], "meantime: --period: 'March' is not a month"),
        (["--policy", "resolution", str(tmp_path / "nothing.yaml")], "No such file"),
        (
            ["--policy", "resolution", "--calendar", f"servicedesk={desk}"],
            "--calendar: policy 'resolution' counts",
        ),
    ):
        ended = await run(recorded, "rehearse", *arguments)
        assert ended.code == 1
        assert reason in ended.err


async def test_a_misspelt_policy_is_told(recorded: Access, shorter: Path) -> None:
    """A document under a new key is tried against nothing: the error stream says so, and what was meant."""
    ended = await run(recorded, "rehearse", str(shorter), "--policy", "resolutoin")
    assert ended.code == 0
    assert (
        "advice: --policy: there is no policy 'resolutoin' to hold it against; is 'resolution' meant?"
        in ended.err
    )


async def test_pages_sum_to_the_whole_and_stopping_cancels(recorded: Access) -> None:
    """Three Subjects a page give the counts of one page; who stops has what was counted until then."""
    async with open_gateway_client(recorded) as client:
        whole, paged, cut = Rehearsal(), Rehearsal(), Rehearsal()
        async for _ in rehearse(client, Question(policy_key="resolution"), whole):
            pass
        pages = [page async for page in rehearse(client, Question(policy_key="resolution", page=3), paged)]
        async for _ in rehearse(client, Question(policy_key="resolution", page=3), cut):
            break
    assert len(pages) == 4
    assert (paged.before, paged.after, paged.total) == (whole.before, whole.after, 10)
    assert (cut.subjects, cut.total, cut.done) == (3, 10, False)


async def test_ctrl_c_cancels(tmp_path: Path) -> None:
    """Of a backtest that would not end, what was found so far is printed, with an exit code of its own."""
    asked = asyncio.Event()
    answers = 0

    def answer() -> web.Response:
        nonlocal answers
        answers += 1
        if answers == 1:
            return web.json_response(VIEWER)
        if answers > 3:
            asked.set()
        target = {"metric": "m", "target": "t", "met": 1, "breached": 0, "pending": 0, "cancelled": 0}
        page = PAGE | {"before": [target], "after": [target], "flips": []}
        return web.json_response({"data": {"backtest": page}})

    async with answering(answer) as access:
        process = await start(access, "rehearse", "--policy", "p", "--data", str(tmp_path))
        await asyncio.wait_for(asked.wait(), 60)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode == 130, err
    assert b"cancelled after" in err
    assert b"100.00 %" in out


async def test_a_receipt_is_verified_offline(recorded: Access, client: GatewayClient, tmp_path: Path) -> None:
    """As it came it is equal, also when it was laid out anew; changed, it says where, with exit code 3."""
    document: str = (await client.ask(RECEIPT))["cycleReceipt"]["document"]
    nowhere = Access(url="http://127.0.0.1:1/graphql", token="none", tenant=None)  # noqa: S106 - opens nothing
    del recorded
    path = tmp_path / "receipt.json"
    path.write_text(document, encoding="utf-8")
    ended = await run(nowhere, "verify", str(path))
    said: dict[str, Any] = json.loads(document)
    assert (ended.code, ended.out) == (0, f"equal: {said['hash']}\n"), ended.err
    path.write_text(json.dumps(said, indent=2), encoding="utf-8")
    assert (await run(nowhere, "verify", str(path), "--hash", said["hash"])).code == 0
    other = await run(nowhere, "verify", str(path), "--hash", "0" * 64)
    assert (other.code, other.out.partition(":")[0]) == (3, "--hash")
    said["result"]["elapsed_us"] += 1
    path.write_text(json.dumps(said), encoding="utf-8")
    tampered = await run(nowhere, "verify", str(path))
    assert tampered.code == 3
    assert [line.partition(":")[0] for line in tampered.out.splitlines()] == ["hash", "result.elapsed_us"]
    path.write_text("{}", encoding="utf-8")
    for named in (path, tmp_path / "nothing.json"):
        refused = await run(nowhere, "verify", str(named))
        assert (refused.code, len(refused.err.splitlines())) == (1, 1)
