"""Applying documents from files through a real gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.applying import apply_manifests
from cli.demo_documents import SERVICENOW_EXAMPLES, demo_manifests
from cli.graphql import GatewayClient, GatewayRefusalError
from cli.manifest import Kind, ManifestError, bare_document, read_manifests

CALENDAR = """
kind: Calendar
key: {key}
name: Desk
zone: Europe/London
hours: {{mon-fri: ["09:00-17:00"]}}
special: {{2026-12-24: ["09:00-12:00"]}}
"""


async def applied(client: GatewayClient, *paths: Path) -> list[str]:
    """Apply files and list what was done."""
    return [str(one) async for one in apply_manifests(client, read_manifests(paths))]


def write(path: Path, text: str) -> Path:
    """Write a file."""
    path.write_text(text, encoding="utf-8")
    return path


async def test_made_then_left_alone_then_amended(client: GatewayClient, tmp_path: Path) -> None:
    """A document is created, left alone while the file says the same, amended when it says more."""
    file = write(tmp_path / "desk.yaml", CALENDAR.format(key="desk"))
    assert await applied(client, file) == ["created calendar desk (version 1)"]
    assert await applied(client, file) == ["unchanged calendar desk (version 1)"]
    write(file, file.read_text(encoding="utf-8").replace("17:00", "18:00"))
    assert await applied(client, file) == ["amended calendar desk (version 2)"]


async def test_the_examples_apply_in_any_order_of_files(client: GatewayClient) -> None:
    """Calendars come before the policies that count on them, whatever the files are called."""
    kinds = ["created calendar sao-paulo", "created policy resolution", "created agreement service-desk"]
    done = await applied(client, SERVICENOW_EXAMPLES)
    assert [line.rsplit(" (")[0] for line in done] == kinds
    assert all(line.startswith("unchanged") for line in await applied(client, SERVICENOW_EXAMPLES))


async def test_a_calendar_that_names_a_later_one_waits(client: GatewayClient, tmp_path: Path) -> None:
    """A union stands before its members in the folder, and is made after them."""
    write(tmp_path / "a.yaml", "kind: Calendar\nkey: all\nunion: [desk, night]\n")
    write(tmp_path / "b.yaml", CALENDAR.format(key="desk") + "---" + CALENDAR.format(key="night"))
    done = await applied(client, tmp_path)
    assert [line.split()[2] for line in done] == ["desk", "night", "all"]


async def test_a_refusal_names_file_and_field(client: GatewayClient, tmp_path: Path) -> None:
    """What the service refuses is told with the file that says it; what came before stays."""
    good = write(tmp_path / "a.yaml", CALENDAR.format(key="desk"))
    bad = write(tmp_path / "b.yaml", CALENDAR.format(key="bad").replace("17:00", "25:00"))
    with pytest.raises(GatewayRefusalError, match=r"b\.yaml: .*hours.mon-fri") as refused:
        await applied(client, good, bad)
    assert refused.value.kind == "invalid"
    assert await applied(client, good) == ["unchanged calendar desk (version 1)"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kind: Calender\nkey: x", "'Calender' is not one of Calendar, Policy, Agreement"),
        ("zone: UTC", "kind: None is not one of"),
        ("kind: Policy", "key: a text is needed"),
        ("- a\n- b", "a mapping is needed"),
        ("a: [", "not YAML"),
        ("", "there is no document"),
        ("kind: Policy\nkey: a\n---\nkind: Policy\nkey: a", "stands in .* too"),
    ],
)
def test_files_that_say_nothing_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    """A file that does not say what it is, or is no document, is named with the reason."""
    with pytest.raises(ManifestError, match=reason):
        read_manifests([write(tmp_path / "x.yaml", text)])


def test_dates_are_texts_and_what_says_which_is_left_out(tmp_path: Path) -> None:
    """A bare date of YAML is the text that it was; kind, key and name are no part of a calendar."""
    (manifest,) = read_manifests([write(tmp_path / "x.yaml", CALENDAR.format(key="desk"))])
    assert (manifest.kind, manifest.key, manifest.name) == (Kind.CALENDAR, "desk", "Desk")
    assert manifest.document == {
        "zone": "Europe/London",
        "hours": {"mon-fri": ["09:00-17:00"]},
        "special": {"2026-12-24": ["09:00-12:00"]},
    }
    assert bare_document({"name": "Plain"}) == {"name": "Plain"}


def test_the_demo_has_three_desks_a_policy_and_an_agreement() -> None:
    """What the demo gives its tenant."""
    assert [(one.kind.value, one.key) for one in demo_manifests()] == [
        ("Agreement", "acme"),
        ("Calendar", "sao-paulo"),
        ("Calendar", "london"),
        ("Calendar", "tokyo"),
        ("Policy", "support"),
    ]
