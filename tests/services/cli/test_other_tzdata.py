"""New zone rules, end to end: another tzdata package, the watch, taking over, due times that follow."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import msgspec
import tzdata  # type: ignore[import-untyped] # ships no types

from businesstime.zones import PACKAGED
from calendars.operations.watch_calendars import watch
from calendars.storage import TRACK
from cli.applying import apply_manifests
from cli.graphql import GatewayClient
from cli.manifest import read_manifests
from pgstore.database import Database
from tests.services.cli.other_tzdata_process import DUE, Found
from tests.services.cli.running import NOW
from tests.services.cli.stacks import clean_environment

FILES = """
kind: Calendar
key: shop
zone: Europe/London
hours: {mon-fri: ["09:00-17:00"]}
---
kind: Policy
key: p
name: P
calendars: {default: shop}
metrics:
  resolution:
    start: "true"
    stop: "false"
    targets: [{name: All, when: "true", duration: 4h}]
"""
INGEST = """mutation ($events: [EventInput!]!) {
  ingestEvents(input: {events: $events}) { accepted errors { message } }
}"""


def other_tzdata(folder: Path, *, zone: str, like: str) -> Path:
    """Copy the tzdata package as a later edition, in which one zone has the rules of another."""
    given, made = Path(tzdata.__file__).parent, folder / "tzdata"
    shutil.copytree(given, made, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(given / "zoneinfo" / like, made / "zoneinfo" / zone)
    code = (made / "__init__.py").read_text(encoding="utf-8")
    (made / "__init__.py").write_text(code.replace(tzdata.IANA_VERSION, "2099z"), encoding="utf-8")
    return folder


async def test_another_tzdata_moves_due_times_once_it_is_taken_over(
    client: GatewayClient, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """It is listed with the Cycles that it would move, moves none, and when it is taken over all, once."""
    file = tmp_path / "files.yaml"
    file.write_text(FILES, encoding="utf-8")
    _ = [one async for one in apply_manifests(client, read_manifests([file]))]
    event = {"eventId": "1", "subjectId": "T-1", "occurredAt": "2016-05-20T11:00:00Z", "type": "opened"}
    await client.change(INGEST, {"events": [event | {"attributes": {}}]})
    (before,) = (await client.ask(DUE))["subject"]["cycles"]
    assert before["dueAt"] == "2016-05-20T15:00:00Z"

    await look_after(database_url, client.tenant)
    folder = other_tzdata(tmp_path / "packages", zone="Europe/London", like="America/New_York")
    found = await seen_with(folder, database_url, redis_url, client.tenant, "Europe/London")
    (change,) = msgspec.convert(found.watches["zones"], list[dict[str, object]])
    assert (found.watches["tzdataVersion"], change["toVersion"]) == ("2099z", "2099z")
    assert (change["fromVersion"], change["calendars"]) == (tzdata.IANA_VERSION, ["shop"])
    move = {"subjectId": "T-1", "dueBefore": before["dueAt"], "dueAfter": "2016-05-20T17:00:00Z"}
    assert change["cycles"] == {"running": 1, "moved": 1, "earlier": 0, "moves": [move]}
    assert found.before == before
    assert found.after == {"dueAt": move["dueAfter"], "revision": before["revision"] + 1}
    assert (found.again, found.left["zones"]) == ("zone_unchanged", [])


async def look_after(database_url: str, tenant: str) -> None:
    """Look after a tenant as the worker does, so that its zones are known."""
    database = await Database.open(database_url, schema=TRACK.schema)
    try:
        await watch(tenant, database=database, zones=PACKAGED, now=NOW)
    finally:
        await database.close()


async def seen_with(folder: Path, *arguments: str) -> Found:
    """Run the process with the package of a folder."""
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.services.cli.other_tzdata_process", *arguments),
        stdout=asyncio.subprocess.PIPE,
        cwd=root,
        env=clean_environment(PYTHONPATH=f"{folder}:{root}"),
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return msgspec.json.decode(out.splitlines()[-1], type=Found)
