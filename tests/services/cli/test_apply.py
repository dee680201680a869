"""Applying documents from files through a real gateway."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.access import Access
from cli.applying import Applied, apply_manifests, plan_manifests
from cli.applying_calendars import CalendarTerms
from cli.demo_documents import SERVICENOW_EXAMPLES, demo_manifests
from cli.exporting import export_manifests
from cli.graphql import GatewayClient, GatewayRefusalError
from cli.manifest import Kind, ManifestError, bare_document, read_manifests
from tests.services.cli.calling import call

CALENDAR = """
kind: Calendar
key: {key}
name: Desk
zone: Europe/London
hours: {{mon-fri: ["09:00-17:00"]}}
special: {{2026-12-24: ["09:00-12:00"]}}
"""

POLICY = """
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


async def applied(client: GatewayClient, *paths: Path) -> list[str]:
    """Apply files and list what was done."""
    return [str(one) async for one in apply_manifests(client, read_manifests(paths))]


async def planned(
    client: GatewayClient, *paths: Path, terms: CalendarTerms | None = None
) -> tuple[list[Applied], list[str]]:
    """Plan files; give what would be done, and the lines of what follows."""
    told = [one async for one in plan_manifests(client, read_manifests(paths), terms=terms)]
    return [one for one in told if isinstance(one, Applied)], [one for one in told if isinstance(one, str)]


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
    write(file, file.read_text(encoding="utf-8").replace("name: Desk", "name: Front desk"))
    assert await applied(client, file) == ["amended calendar desk (version 3)"]
    assert await applied(client, file) == ["unchanged calendar desk (version 3)"]


async def test_a_misspelt_opt_out_is_told_and_applied(
    client: GatewayClient, access: Access, tmp_path: Path
) -> None:
    """A plan, applying, and applying again say it on the error stream, with the file."""
    text = CALENDAR.format(key="desk") + "holidays: [{country: GB, except: [Boxing Dya]}]"
    file = write(tmp_path / "desk.yaml", text)
    plan, first, again = [
        await call(access, tmp_path, "apply", "-f", str(file), *options) for options in (["--plan"], [], [])
    ]
    assert [each.out.split()[0] for each in (plan, first, again)] == ["would", "created", "unchanged"]
    for each in (plan, first, again):
        assert each.code == 0
        assert each.err.startswith(f"advice: {file}: holidays[0].except[0]: leaves nothing out")
        assert each.err.endswith("is 'Boxing Day' meant?\n")
    assert await applied(client, file) == ["unchanged calendar desk (version 1)"]


async def test_the_examples_apply_in_any_order_of_files(client: GatewayClient) -> None:
    """Calendars come before the policies that count on them, whatever the files are called."""
    kinds = ["created calendar service-desk", "created policy resolution", "created agreement service-desk"]
    done = await applied(client, SERVICENOW_EXAMPLES)
    assert [line.rsplit(" (")[0] for line in done] == kinds
    assert all(line.startswith("unchanged") for line in await applied(client, SERVICENOW_EXAMPLES))


async def test_a_calendar_may_name_a_later_one(client: GatewayClient, tmp_path: Path) -> None:
    """A union stands before its members in the folder, and is made after them."""
    write(tmp_path / "a.yaml", "kind: Calendar\nkey: all\nunion: [desk, night]\n")
    write(tmp_path / "b.yaml", CALENDAR.format(key="desk") + "---" + CALENDAR.format(key="night"))
    done = await applied(client, tmp_path)
    assert [line.split()[:3] for line in done] == [
        ["created", "calendar", key] for key in ("all", "desk", "night")
    ]


async def test_a_refusal_names_file_and_field_and_leaves_all_undone(
    client: GatewayClient, tmp_path: Path
) -> None:
    """What the service refuses is told with the file that says it; of the other calendars none was made."""
    good = write(tmp_path / "a.yaml", CALENDAR.format(key="desk"))
    bad = write(tmp_path / "b.yaml", CALENDAR.format(key="bad").replace("17:00", "25:00"))
    with pytest.raises(GatewayRefusalError, match=r"b\.yaml: hours\.mon-fri") as refused:
        await applied(client, good, bad)
    assert (refused.value.kind, refused.value.field) == ("invalid", "hours.mon-fri[0]")
    assert await applied(client, good) == ["created calendar desk (version 1)"]


async def test_all_that_is_wrong_is_told_at_once(
    client: GatewayClient, access: Access, tmp_path: Path
) -> None:
    """What can be seen of each file by itself, a line for each; nothing is applied, though some are sound."""
    desk = CALENDAR.format(key="desk")
    write(tmp_path / "a.yaml", desk.replace("Europe/London", "Europe/Lodnon"))
    write(tmp_path / "b.yaml", desk.replace("key: desk", "key: shop") + "amendments: [{parent: desk}]")
    write(tmp_path / "c.yaml", POLICY.replace("duration: 4h", "duration: 4 hours"))
    write(tmp_path / "d.yaml", desk.replace("key: desk", "key: sound"))
    write(tmp_path / "e.yaml", "kind: Agreement\nkey: a\ncustomer: ACME\n")
    ended = await call(access, tmp_path, "apply", "-f", str(tmp_path))
    assert (ended.code, ended.out) == (1, "")
    head, *lines = ended.err.splitlines()
    assert head == "meantime: 4 documents are refused:"
    assert [line.partition(".yaml: ")[2].partition(": ")[0] for line in lines] == [
        "zone",
        "amendments[0]",
        "metrics.resolution.targets[0].duration",
        "currency",
    ]
    assert (await client.ask("{ calendars { nodes { key } } }"))["calendars"]["nodes"] == []


async def test_a_refused_policy_is_named_too(client: GatewayClient, tmp_path: Path) -> None:
    """A policy that counts on a calendar which is not there is refused, with its file."""
    policy = write(tmp_path / "p.yaml", "kind: Policy\nkey: p\nname: P\ncalendars: {default: none}\n")
    with pytest.raises(GatewayRefusalError, match=r"p\.yaml: "):
        await applied(client, policy)


async def test_the_default_calendar_stands_before_policies_that_need_it(
    client: GatewayClient, tmp_path: Path
) -> None:
    """It is made, left alone, set to another and planned, like any document; it says no more than its key."""
    write(tmp_path / "a.yaml", POLICY.replace("calendars: {default: shop}\n", ""))
    write(tmp_path / "b.yaml", "kind: DefaultCalendar\nkey: desk")
    for key in ("desk", "shop"):
        write(tmp_path / f"{key}.yaml", CALENDAR.format(key=key))
    assert (await applied(client, tmp_path))[2:] == [
        "created default calendar desk (version 1)",
        "created policy p (version 1)",
    ]
    assert "unchanged default calendar desk (version 1)" in await applied(client, tmp_path)
    exported = await export_manifests(client, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert [each.key for each in exported if each.kind is Kind.DEFAULT_CALENDAR] == ["desk"]
    other = write(tmp_path / "b.yaml", "kind: DefaultCalendar\nkey: shop")
    (plan,), _ = await planned(client, other)
    assert str(plan) == "would amend default calendar shop (version 2)"
    assert await applied(client, other) == ["amended default calendar shop (version 2)"]
    write(other, "kind: DefaultCalendar\nkey: none")
    with pytest.raises(GatewayRefusalError, match=r"b\.yaml: calendarKey: there is no calendar 'none'"):
        await applied(client, other)
    write(other, "kind: DefaultCalendar\nkey: shop\nzone: UTC")
    with pytest.raises(GatewayRefusalError, match=r"b\.yaml: zone: a DefaultCalendar has a key alone"):
        await applied(client, other)


async def test_a_policy_that_does_not_compile_leaves_all_undone(
    client: GatewayClient, tmp_path: Path
) -> None:
    """It is found, with its position, before the calendars are made; a plan finds it too."""
    desk = write(tmp_path / "desk.yaml", CALENDAR.format(key="desk"))
    policy = write(tmp_path / "policy.yaml", POLICY.replace('"false"', '"subject.state in"'))
    refused = r"policy\.yaml: metrics\.resolution\.stop: line 1"
    with pytest.raises(GatewayRefusalError, match=refused):
        await planned(client, desk, policy)
    with pytest.raises(GatewayRefusalError, match=refused):
        await applied(client, desk, policy)
    assert await applied(client, desk) == ["created calendar desk (version 1)"]


async def test_a_plan_says_what_would_be_done_in_days_and_hours(
    client: GatewayClient, tmp_path: Path
) -> None:
    """Nothing is written; an amended calendar's dates are listed with their windows, up to ten."""
    file = write(tmp_path / "desk.yaml", CALENDAR.format(key="desk"))
    (line,), effect = await planned(client, file)
    assert (str(line), line.details, effect) == ("would create calendar desk (version 1)", (), [])
    assert await applied(client, file) == ["created calendar desk (version 1)"]
    write(file, file.read_text(encoding="utf-8").replace("17:00", "18:00"))
    assert (await planned(client, file))[0] == (await planned(client, file))[0]
    (line,), (hours, cycles, money, token) = await planned(client, file)
    assert hours.endswith("; from 2016-05-20T12:00:00Z on")
    assert str(line) == "would amend calendar desk (version 2)"
    summary, first, *_, rest = line.details
    assert summary.endswith("h gained, 0s lost")
    assert hours.startswith("hours that may change: desk; from 20")
    assert cycles.startswith("cycles: 0 run on them; 0 due at another time")
    assert money == "money: 0 months of agreements cost another amount"
    assert "--plan-token" in token
    assert first == "2016-05-20: 13:00-17:00 becomes 13:00-18:00"  # cut at now
    assert len(line.details) == 12
    assert rest.startswith("… and ")
    terms = CalendarTerms(effective_from=datetime(2017, 1, 1, tzinfo=UTC))
    later, _ = await planned(client, file, terms=terms)
    assert later[0].details[1] == "2017-01-02: 09:00-17:00 becomes 09:00-18:00"


async def test_a_plan_tells_due_times_that_would_move(client: GatewayClient, tmp_path: Path) -> None:
    """Cycles on an amended calendar, or on one made of it, are counted, and the largest moves listed."""
    desk = write(
        tmp_path / "desk.yaml", CALENDAR.format(key="desk") + "---\nkind: Calendar\nkey: shop\nparent: desk\n"
    )
    policy = write(tmp_path / "policy.yaml", POLICY)
    await applied(client, desk, policy)
    event = {"eventId": "1", "subjectId": "INC1", "occurredAt": "2016-05-20T11:00:00Z", "type": "opened"}
    await client.change(INGEST, {"events": [event | {"attributes": {}}]})
    write(desk, desk.read_text(encoding="utf-8").replace("17:00", "15:00"))
    _, (hours, counts, move, *_) = await planned(client, desk)
    assert hours.startswith("hours that may change: desk, shop; from ")
    assert counts.startswith("cycles: 1 run on them; 1 due at another time (0 earlier, 1 later)")
    assert move == "  INC1 p.resolution: due 2016-05-20T15:00:00Z becomes 2016-05-23T09:00:00Z (+66h)"
    write(tmp_path / "new.yaml", CALENDAR.format(key="new"))
    write(desk, "kind: Calendar\nkey: desk\nname: Desk\nparent: new\nzone: UTC\n")
    _, (hours, *_) = await planned(client, tmp_path)
    assert hours.startswith("hours that may change: desk, shop; from ")


async def test_what_was_planned_is_applied_by_its_token(client: GatewayClient, tmp_path: Path) -> None:
    """The last line of a plan gives it; with other files it is refused."""
    file = write(tmp_path / "desk.yaml", CALENDAR.format(key="desk"))
    await applied(client, file)
    write(file, file.read_text(encoding="utf-8").replace("17:00", "18:00"))
    _, (hours, *_, last) = await planned(client, file)
    terms = CalendarTerms(plan_token=last.partition("--plan-token ")[2].split()[0])
    write(tmp_path / "other.yaml", CALENDAR.format(key="other"))
    none = replace(terms, plan_token=file.name)
    with pytest.raises(GatewayRefusalError, match=r"^--plan-token: is none of a plan"):
        _ = [one async for one in apply_manifests(client, read_manifests([file]), terms=none)]
    with pytest.raises(GatewayRefusalError, match="plan anew"):
        _ = [one async for one in apply_manifests(client, read_manifests([tmp_path]), terms=terms)]
    (done,) = [one async for one in apply_manifests(client, read_manifests([file]), terms=terms)]
    assert (done.done, done.version) == ("amended", 2)
    read = await client.ask('{ calendar(key: "desk") { versions { effectiveFrom } } }')
    assert read["calendar"]["versions"][-1]["effectiveFrom"] in hours


async def test_a_plan_of_policies_and_agreements(client: GatewayClient) -> None:
    """They too are planned: would be created, and left alone once they are there."""
    for done in ("create", "leave"):
        lines, effect = await planned(client, SERVICENOW_EXAMPLES)
        assert [str(line).split()[:2] for line in lines] == [["would", done]] * 3
        assert effect == []
        await applied(client, SERVICENOW_EXAMPLES)


async def test_the_past_is_put_right_with_a_reason(client: GatewayClient, tmp_path: Path) -> None:
    """RESTATE goes to every amendment; without a reason it is refused."""
    file = write(tmp_path / "desk.yaml", CALENDAR.format(key="desk"))
    await applied(client, file)
    write(file, file.read_text(encoding="utf-8").replace("17:00", "18:00"))
    manifests = read_manifests([file])
    terms = CalendarTerms(restate=True, effective_from=datetime(2016, 1, 1, tzinfo=UTC))
    with pytest.raises(GatewayRefusalError, match=r"^--reason: RESTATE says why") as refused:
        _ = [one async for one in apply_manifests(client, manifests, terms=terms)]
    assert refused.value.field == "--reason"
    told = replace(terms, reason="Longer since January")
    assert [one.done async for one in apply_manifests(client, manifests, terms=told)] == ["amended"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kind: Calender\nkey: x", "'Calender' is not one of IcsSource, Calendar, DefaultCalendar, Policy"),
        ("zone: UTC", "kind: None is not one of"),
        ("kind: Policy", "key: a text is needed"),
        ("- a\n- b", "a mapping is needed"),
        ("a: [", "not YAML"),
        ("", "there is no document"),
        ("kind: Policy\nkey: a\n---\nkind: Policy\nkey: a", "stands in .* too"),
        ("kind: DefaultCalendar\nkey: a\n---\nkind: DefaultCalendar\nkey: b", "stands in .* too"),
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


async def test_the_command_shows_a_plan(access: Access, tmp_path: Path) -> None:
    """`--plan` prints a line a document and the days of amended ones, and writes nothing."""
    file = write(tmp_path / "desk.yaml", CALENDAR.format(key="desk"))
    made = await call(access, tmp_path, "apply", "-f", str(file))
    assert (made.code, made.out) == (0, "created calendar desk (version 1)\n")
    write(file, file.read_text(encoding="utf-8").replace("17:00", "18:00"))
    planning = ("--plan", "--effective-from", "2017-01-01T00:00:00Z")
    for _ in range(2):
        shown = await call(access, tmp_path, "apply", "-f", str(file), *planning)
        first, summary, *days = shown.out.splitlines()
        assert first == "would amend calendar desk (version 2)"
        assert summary.startswith("  ")
        assert days[0] == "  2017-01-02: 09:00-17:00 becomes 09:00-18:00"
