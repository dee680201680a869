"""Exporting a tenant's documents: applied to an empty tenant and exported again, not a byte differs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.access import Access
from cli.applying import apply_manifests, plan_manifests
from cli.demo_documents import SERVICENOW_EXAMPLES
from cli.exporting import export_manifests, write_manifests
from cli.graphql import GatewayClient, open_gateway_client
from cli.ics_text import ics_text
from cli.manifest import Kind, Manifest, ManifestError, read_manifests
from tests.services.cli.calling import call
from tests.services.cli.running import access_for

NOW = datetime(2016, 5, 20, 13, tzinfo=UTC)

FILES = """
kind: IcsSource
key: fairs
name: Trade fairs; "spring", autumn
holidays:
- {rule: FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=31, from: 2015-10-31, name: Reformation}
- {date: 2016-06-06, name: "Fair, the first; and \\\\ more"}
---
kind: Calendar
key: sun
name: Follow the sun
union: [london, {difference: [new-york, night]}]
---
kind: Calendar
key: night
zone: UTC
hours: {mon-sun: ["22:00-06:00", "12:00-12:30"]}
---
kind: Calendar
key: new-york
name: "No: 12:00"
zone: America/New_York
hours: {mon-fri: ["09:00-17:00"], sat: ["10:00-24:00"]}
seasons:
- {name: summer, from: 06-15, to: 08-31, hours: {mon-thu: ["08:00-16:00"]}}
- {name: fair, from: 2027-03-01, to: 2027-03-05, hours: {mon-fri: ["08:00-20:00"]}}
holidays:
- {country: US, subdivision: NY, except: [Columbus Day], observed: true}
- {rule: FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31, from: 2015-12-31, name: Year's end}
- {date: 2016-12-24, name: "São João, 聖誕節, \\u2028 \\"quoted\\" and 'so'"}
special:
  2016-12-23: ["09:00-12:00"]
  2016-11-27: ["09:00-15:00"]
---
kind: Calendar
key: london
zone: Europe/London
hours: {mon-fri: ["09:00-12:30", "13:30-17:00"]}
holidays: [{country: GB, subdivision: ENG}, {ics: fairs, except: [Reformation]}]
---
kind: Calendar
key: branch
name: Branch of London
parent: london
opt_out: [Boxing Day]
special: {2016-06-06: ["10:00-11:00"]}
"""


@pytest.fixture
async def full(client: GatewayClient, tmp_path: Path) -> GatewayClient:
    """Fill the tenant with calendars of every form, a policy and an agreement."""
    file = tmp_path / "given.yaml"
    file.write_text(FILES, encoding="utf-8")
    async for _ in apply_manifests(client, read_manifests([file, SERVICENOW_EXAMPLES])):
        pass
    return client


@pytest.fixture
async def empty(database_url: str, access: Access) -> Access:
    """Make a key of another tenant, which has nothing."""
    return await access_for(database_url, access.url, f"{access.tenant}-empty")


def contents(folder: Path) -> dict[str, bytes]:
    """Read a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def exported(client: GatewayClient, folder: Path, *, now: datetime = NOW) -> dict[str, bytes]:
    """Export into a folder and read it."""
    write_manifests(folder, await export_manifests(client, now=now))
    return contents(folder)


async def test_export_apply_export_is_identical(full: GatewayClient, empty: Access, tmp_path: Path) -> None:
    """Seasons, inheritance, composition, ICS sources, policies, agreements: not a byte differs."""
    first = await exported(full, tmp_path / "first")
    assert len(first) == 9
    async with open_gateway_client(empty) as other:
        manifests = read_manifests([tmp_path / "first"])
        done = [one.done async for one in apply_manifests(other, manifests)]
        assert done == ["created"] * 9
        assert await exported(other, tmp_path / "second") == first
        assert {one.done async for one in apply_manifests(other, manifests)} == {"unchanged"}


LATER = """
kind: Calendar
key: shop
zone: Europe/Berlin
hours: {mon-fri: ["09:00-17:00"]}
amendments:
- effective_from: 2016-07-01T00:00:00+02:00
  parent: london
  zone: Europe/Berlin
- effective_from: "2017-01-01T00:00:00Z"
  zone: Europe/Berlin
  hours: {mon-fri: ["08:00-17:00"]}
  holidays: [{ics: fairs}]
"""


async def test_what_holds_later_is_exported(full: GatewayClient, empty: Access, tmp_path: Path) -> None:
    """A version to come is not lost, nor taken for what holds now; once it has begun it is what holds."""
    (tmp_path / "shop.yaml").write_text(LATER, encoding="utf-8")
    async for one in apply_manifests(full, read_manifests([tmp_path / "shop.yaml"])):
        assert (one.done, one.version) == ("created", 3)
    first = await exported(full, tmp_path / "first")
    amendments = yaml.safe_load(first["calendar-shop.yaml"])["amendments"]
    assert [(each["effective_from"], list(each)[1:]) for each in amendments] == [
        ("2016-06-30T22:00:00Z", ["parent", "zone"]),
        ("2017-01-01T00:00:00Z", ["zone", "hours", "holidays"]),
    ]
    async with open_gateway_client(empty) as other:
        manifests = read_manifests([tmp_path / "first"])
        for done in ("created", "unchanged"):
            assert {one.done async for one in apply_manifests(other, manifests)} == {done}
        assert await exported(other, tmp_path / "second") == first
    later = await exported(full, tmp_path / "later", now=datetime(2016, 8, 1, tzinfo=UTC))
    document = yaml.safe_load(later["calendar-shop.yaml"])
    assert (document["parent"], len(document["amendments"])) == ("london", 1)


async def test_files_say_what_was_given(full: GatewayClient, tmp_path: Path) -> None:
    """Each document comes out as it went in, its fields in the writer's order, windows on one line."""
    await exported(full, tmp_path / "out")
    given = {(one.kind, one.key): one for one in read_manifests([tmp_path / "given.yaml"])}
    found = {(one.kind, one.key): one for one in read_manifests([tmp_path / "out"])}
    for key, manifest in given.items():
        assert found[key].document == manifest.document
        assert list(found[key].document) == list(manifest.document)
        assert found[key].name == manifest.name
    text = (tmp_path / "out" / "calendar-london.yaml").read_text(encoding="utf-8")
    assert "  mon-fri: ['09:00-12:30', '13:30-17:00']\n" in text or "  mon-fri: [09:00-12:30," in text
    assert "- {country: GB, subdivision: ENG}\n" in text
    assert "digest" not in text


async def test_holidays_of_a_source_are_amended_through_its_file(full: GatewayClient, tmp_path: Path) -> None:
    """A changed file is a new edition, which counts at once in the calendars that take it; a plan is none."""
    await exported(full, tmp_path / "out")
    file = tmp_path / "out" / "ics-source-fairs.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["holidays"].append({"date": "2016-07-04", "name": "Fair, the second"})
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    manifests = read_manifests([tmp_path / "out"])
    planned = [str(one) async for one in plan_manifests(full, manifests)]
    assert planned[0] == "would amend ics source fairs (version 2)"
    done = {one.key: str(one) async for one in apply_manifests(full, manifests)}
    assert done["fairs"] == "amended ics source fairs (version 2)"
    assert done["london"] == "amended calendar london (version 2)"


async def test_the_command(full: GatewayClient, access: Access, tmp_path: Path) -> None:
    """It makes the folder, says how many files it wrote, and names those of an earlier export."""
    out = tmp_path / "deep" / "out"
    ended = await call(access, tmp_path, "export", str(out), "--tenant", full.tenant)
    assert (ended.code, ended.out, ended.err) == (0, f"9 files in {out}\n", "")
    before = contents(out)
    (out / "calendar-gone.yaml").write_text("kind: Calendar\n", encoding="utf-8")
    again = await call(access, tmp_path, "export", str(out))
    assert "calendar-gone.yaml is of an earlier export" in again.err
    assert {name: text for name, text in contents(out).items() if name in before} == before
    refused = await call(access, tmp_path, "export", str(out), "--tenant", "somebody-else")
    assert refused.code == 1


@pytest.mark.parametrize(
    "document",
    [
        {"holidays": "2016-01-01"},
        {"holidays": [], "zone": "UTC"},
        {"holidays": [{"name": "No date"}]},
        {"holidays": [{"date": 5, "name": "No text"}]},
        {"holidays": ["2016-01-01"]},
    ],
)
def test_a_source_that_holds_no_holidays_is_refused(document: dict[str, Any]) -> None:
    """The file is named, and the entry at fault."""
    manifest = Manifest(kind=Kind.ICS_SOURCE, key="a", name="a", document=document, source="a.yaml")
    with pytest.raises(ManifestError, match=r"a\.yaml: "):
        ics_text(manifest)
