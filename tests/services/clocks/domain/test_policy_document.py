"""Policy documents: what is read from them, and that each fault is refused with its path."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from clocks.domain.condition import Facts
from clocks.domain.errors import DurationUnsupportedError, PolicyInvalidError
from clocks.domain.policy import CalendarChoice, TermRule, WarningRule
from clocks.domain.policy_document import parse_policy
from tests.services.clocks.domain.promises import HOUR_US, event

DOCUMENT: dict[str, Any] = {
    "name": "Resolution of incidents",
    "covers": True,
    "calendars": {"attribute": "region", "mapping": {"emea": "london"}, "default": "sao-paulo"},
    "metrics": {
        "resolution": {
            "start": True,
            "starts_at": "opened_at",
            "pause": 'subject.state.startsWith("Awaiting")',
            "stop": 'subject.state in ["Resolved", "Closed"]',
            "cancel": 'event.type == "deleted"',
            "repeats": False,
            "reopen": "resume",
            "retarget": "RECOUNT",
            "targets": [
                {
                    "name": "P1",
                    "when": 'subject.priority == "1"',
                    "duration": "4h",
                    "warnings": ["30m", "75%"],
                },
                {"name": "rest", "duration": "PT40H", "calendar": "office"},
            ],
        }
    },
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Copy the document with one place of it set; ... removes it."""
    document = copy.deepcopy(DOCUMENT)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = document
    for step in parents:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


def test_a_document_becomes_values() -> None:
    """Everything that it says is there, warnings earliest first."""
    policy = parse_policy(DOCUMENT)
    (metric,) = policy.metrics
    first, rest = metric.targets
    assert (policy.name, metric.name, metric.starts_at) == (
        "Resolution of incidents",
        "resolution",
        "opened_at",
    )
    assert first.warnings == (
        WarningRule("75%", 3 * HOUR_US, share_ppm=750_000),
        WarningRule("30m", 7 * HOUR_US // 2, before_us=HOUR_US // 2),
    )
    assert (rest.duration_us, rest.calendar_key, rest.when.text) == (40 * HOUR_US, "office", "true")
    assert policy.calendar_keys == {"london", "sao-paulo", "office"}
    assert sorted(policy.reads or ()) == ["opened_at", "priority", "region", "state"]


def test_what_is_left_out_has_a_plain_default() -> None:
    """Start, stop and a target are enough."""
    short = {
        "name": "Short",
        "calendars": {"default": "office"},
        "metrics": {"m": {"start": "true", "stop": "false", "targets": [{"name": "t", "duration": "1h"}]}},
    }
    policy = parse_policy(short)
    metric = policy.metrics[0]
    assert (metric.pause, metric.cancel, metric.starts_at) == (None, None, None)
    assert (metric.repeats, metric.reopen, metric.retarget) == (False, "resume", "RECOUNT")
    assert policy.covers.holds(Facts(event(1, "created"), {}, {}))
    assert policy.reads == frozenset()


def test_the_starting_point_may_be_the_creation() -> None:
    """It is no attribute, and reads none."""
    policy = parse_policy(changed("metrics/resolution/starts_at", {"event": "first"}))
    assert (policy.metrics[0].starts_at, policy.metrics[0].from_creation) == (None, True)
    assert "opened_at" not in (policy.reads or ())
    for wrong in ({"event": "last"}, {"event": "first", "attribute": "x"}, {}, ["first"]):
        with pytest.raises(PolicyInvalidError) as refused:
            parse_policy(changed("metrics/resolution/starts_at", wrong))
        assert (refused.value.field or "").startswith("metrics.resolution.starts_at")


@pytest.mark.parametrize(
    ("path", "text"),
    [("covers", "subject.size() > 1"), ("metrics/resolution/stop", "event.attributes.done == true")],
)
def test_a_condition_that_leaves_doubt_may_read_anything(path: str, text: str) -> None:
    """Then a reader of exports must keep every column."""
    assert parse_policy(changed(path, text)).reads is None


def test_a_calendar_is_chosen_by_target_then_attribute_then_default() -> None:
    """The answer says which rule chose."""
    policy = parse_policy(DOCUMENT)
    first, rest = policy.metrics[0].targets
    choose = policy.calendars.choose
    assert choose(rest, {"region": "emea"}) == CalendarChoice("office", "target")
    assert choose(first, {"region": "emea"}) == CalendarChoice("london", "attribute")
    assert choose(first, {"region": "apac"}) == CalendarChoice("sao-paulo", "default")
    assert choose(first, {"region": 7}) == CalendarChoice("sao-paulo", "default")
    assert choose(first, {}) == CalendarChoice("sao-paulo", "default")


METRIC = "metrics/resolution"
TARGET = f"{METRIC}/targets/1"
FAULTS: list[tuple[str, object, str, str]] = [
    ("name", ..., "name", "is missing"),
    ("name", "", "name", "a text is needed"),
    ("name", "x" * 201, "name", "at most 200"),
    ("owner", "me", "owner", "unknown"),
    ("covers", "subject.", "covers", "line 1, column 9"),
    ("covers", 7, "covers", "a CEL expression in quotes"),
    ("calendars", "office", "calendars", "a mapping"),
    ("calendars/attribute", ..., "calendars", "go together"),
    ("calendars/mapping/emea", 3, "calendars.mapping.emea", "a text"),
    ("metrics", {}, "metrics", "at least one metric"),
    ("metrics", [], "metrics", "a mapping"),
    ("metrics/No Name", {}, "metrics.No Name", "lower-case"),
    (f"{METRIC}/start", ..., "metrics.resolution.start", "is missing"),
    (f"{METRIC}/start", "42", "metrics.resolution.start", "true or false; this is int"),
    (f"{METRIC}/pause", "subject.a ||", "metrics.resolution.pause", "column 13"),
    (f"{METRIC}/repeats", "yes", "metrics.resolution.repeats", "true or false"),
    (f"{METRIC}/reopen", "again", "metrics.resolution.reopen", "resume, new, ignore"),
    (f"{METRIC}/retarget", "carry", "metrics.resolution.retarget", "RECOUNT, CARRY"),
    (f"{METRIC}/targets", [], "metrics.resolution.targets", "at least one target"),
    (f"{METRIC}/targets", {}, "metrics.resolution.targets", "a list"),
    (f"{TARGET}/name", "P1", "metrics.resolution.targets[1].name", "twice"),
    (f"{TARGET}/when", "subject.x = 1", "metrics.resolution.targets[1].when", "column 11"),
    (f"{TARGET}/duration", ..., "metrics.resolution.targets[1].duration", "is missing"),
    (f"{TARGET}/duration", "soon", "metrics.resolution.targets[1].duration", "no duration"),
    (f"{TARGET}/duration", "0h", "metrics.resolution.targets[1].duration", "more than nothing"),
    (f"{TARGET}/duration", "-1h", "metrics.resolution.targets[1].duration", "more than nothing"),
    (f"{TARGET}/duration", 4, "metrics.resolution.targets[1].duration", "a text"),
    (f"{TARGET}/duration", "1001bd", "metrics.resolution.targets[1].duration", "at most 1000 business days"),
    (f"{TARGET}/duration", "0bd", "metrics.resolution.targets[1].duration", "more than nothing"),
    (f"{TARGET}/until", {"attribute": "due"}, "metrics.resolution.targets[1].until", "one of them"),
    (f"{TARGET}/duration", ..., "metrics.resolution.targets[1].duration", "one of them"),
    (f"{TARGET}/warnings", ["75%", "75%"], "metrics.resolution.targets[1].warnings[1]", "twice"),
    (
        f"{TARGET}/warnings",
        ["0%"],
        "metrics.resolution.targets[1].warnings[0]",
        "between the start and the end",
    ),
    (
        f"{TARGET}/warnings",
        ["41h"],
        "metrics.resolution.targets[1].warnings[0]",
        "between the start and the end",
    ),
    (
        f"{TARGET}/warnings",
        ["120%"],
        "metrics.resolution.targets[1].warnings[0]",
        "between the start and the end",
    ),
    (f"{TARGET}/warnings", "75%", "metrics.resolution.targets[1].warnings", "a list"),
    (f"{TARGET}/calender", "x", "metrics.resolution.targets[1].calender", "unknown"),
]


@pytest.mark.parametrize(("path", "value", "field", "reason"), FAULTS)
def test_each_fault_is_refused_with_its_path(path: str, value: object, field: str, reason: str) -> None:
    """The message names the path and the reason."""
    with pytest.raises(PolicyInvalidError) as refused:
        parse_policy(changed(path, value))
    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")
    assert reason in str(refused.value)


TERMS = [
    ({"duration": "2bd", "warnings": ["50%", "4h"]}, TermRule("days", 2)),
    ({"until": {"business_day_end": 1}, "warnings": ["1bd"]}, TermRule("day_end", 1)),
    ({"until": {"business_day_end": 0}}, TermRule("day_end", 0)),
    ({"until": {"attribute": "promised"}}, TermRule("attribute", attribute="promised")),
]


@pytest.mark.parametrize(("said", "rule"), TERMS)
def test_a_target_may_have_a_term(said: dict[str, object], rule: TermRule) -> None:
    """Business days, the end of one, or an attribute, which is then among those that the policy reads."""
    policy = parse_policy(changed(TARGET, {"name": "rest", **said}))
    target = policy.metrics[0].targets[1]
    assert (target.term, target.duration_us) == (rule, 0)
    assert ("promised" in (policy.reads or ())) == (rule.kind == "attribute")


TERM_FAULTS: list[tuple[dict[str, object], str, str]] = [
    ({"until": {}}, "until", "one of business_day_end, attribute"),
    ({"until": {"attribute": "a", "business_day_end": 1}}, "until", "one of"),
    ({"until": {"business_day_end": -1}}, "until.business_day_end", "from 0 to 1000"),
    ({"until": {"business_day_end": True}}, "until.business_day_end", "from 0 to 1000"),
    ({"until": {"attribute": ""}}, "until.attribute", "a text"),
    ({"until": {"date": "x"}}, "until.date", "unknown"),
    ({"duration": "2bd", "warnings": ["0%"]}, "warnings[0]", "between the start and the end"),
    ({"duration": "2bd", "warnings": ["100%"]}, "warnings[0]", "between the start and the end"),
    ({"duration": "4h", "until": {"business_day_end": 1}}, "until", "stands beside duration"),
]


@pytest.mark.parametrize(("said", "place", "reason"), TERM_FAULTS)
def test_a_term_that_is_none_is_refused(said: dict[str, object], place: str, reason: str) -> None:
    """With its path."""
    with pytest.raises(PolicyInvalidError, match=reason) as refused:
        parse_policy(changed(TARGET, {"name": "rest", **said}))
    assert refused.value.field == f"metrics.resolution.targets[1].{place}"


@pytest.mark.parametrize("length", ["4h", "2bd"])
def test_warnings_in_business_days_need_a_fixed_point(length: str) -> None:
    """Where pauses move due, a day before it is not known."""
    with pytest.raises(DurationUnsupportedError) as refused:
        parse_policy(changed(TARGET, {"name": "rest", "duration": length, "warnings": ["1bd"]}))
    assert refused.value.code == "duration_unsupported"


@pytest.mark.parametrize("document", [None, [], "name: x", 7])
def test_a_document_is_a_mapping(document: Any) -> None:
    """Nothing else is taken apart."""
    with pytest.raises(PolicyInvalidError, match="a mapping is needed here"):
        parse_policy(document)


def share_of(label: str, duration: str) -> int:
    """Parse one warning of one duration."""
    document = changed(TARGET, {"name": "t", "duration": duration, "warnings": [label]})
    return parse_policy(document).metrics[0].targets[1].warnings[0].elapsed_us


@pytest.mark.parametrize(
    ("label", "duration", "elapsed_us"),
    [
        ("50%", "1h", HOUR_US // 2),
        ("12.5 %", "1h", HOUR_US // 8),
        ("33.3333%", "1us 2us", 1),
        ("99.9999%", "1h", HOUR_US - 3_600),
        ("1m", "1h", HOUR_US - 60_000_000),
    ],
)
def test_a_share_is_rounded_up_to_the_microsecond(label: str, duration: str, elapsed_us: int) -> None:
    """A warning is never early."""
    assert share_of(label, duration) == elapsed_us


def test_every_condition_of_a_metric_is_judged_together() -> None:
    """What is remembered of a metric is what its conditions say one by one."""
    metric = parse_policy(DOCUMENT).metrics[0]
    judge: Callable[[Facts], object] = metric.judge
    for state in ("New", "Awaiting Vendor", "Closed", "New"):
        facts = Facts(event(1, "updated"), {"state": state, "priority": "1"}, {})
        assert judge(facts) == metric._evaluate(facts)
