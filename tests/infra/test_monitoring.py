"""The alert rules and the dashboard ask for nothing that no service says, and are well formed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import clocks.worker  # noqa: F401 - a module registers its metrics when it is imported
import gateway.worker  # noqa: F401
import serving.access  # noqa: F401

INFRA = Path(__file__).parents[2] / "infra"
RULES: dict[str, Any] = yaml.safe_load((INFRA / "alerts/meantime.yaml").read_text(encoding="utf-8"))
DASHBOARD: dict[str, Any] = json.loads((INFRA / "dashboards/meantime.json").read_text(encoding="utf-8"))
GROUPS: list[dict[str, Any]] = RULES["groups"]
ALL_RULES = [rule for group in GROUPS for rule in group["rules"]]
RECORDED = {rule["record"] for rule in ALL_RULES if "record" in rule}

DURATION = re.compile(r"\d+(ms|s|m|h|d|w|y)")
TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?(?:ms|[smhdwy])?)|(?P<name>[a-zA-Z_:][\w:]*)"""
    r"""|(?P<mark>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}\[\],]|\$__rate_interval)|\s+"""
)
FUNCTIONS = {"sum", "max", "rate", "increase", "absent", "histogram_quantile"}
WORDS = {"and", "or", "unless"}
CLOSING = {"(": ")", "{": "}", "[": "]"}


def tokens(expression: str) -> list[tuple[str, str]]:
    """Cut an expression of PromQL into kinds and texts; what is no part of the language fails."""
    found, at = [], 0
    while at < len(expression):
        match = TOKEN.match(expression, at)
        assert match, f"not PromQL at {expression[at:]!r}"
        at = match.end()
        if match.lastgroup:
            found.append((match.lastgroup, match.group()))
    return found


def series_of(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each series that an expression asks for, with the labels that it is narrowed by or summed over."""
    found = tokens(expression)
    depth: list[str] = []
    grouped: list[str] = []
    for place, (kind, text) in enumerate(found):
        following = found[place + 1][1] if place + 1 < len(found) else ""
        if text in CLOSING:
            depth.append(CLOSING[text] if found[place - 1][1] != "by" else "by)")
        elif text in CLOSING.values():
            assert depth, expression
            assert depth.pop()[-1] == text, expression
        elif kind == "name" and "by)" in depth:
            grouped.append(text)
        elif kind == "name" and following in {"(", "by"}:
            assert text in FUNCTIONS | WORDS | {"by"}, text
        elif kind == "name" and text not in WORDS and "}" not in depth:
            yield text, dict.fromkeys(grouped, "") | labels_at(found, place + 1)
    assert not depth, expression


def labels_at(found: list[tuple[str, str]], place: int) -> dict[str, str]:
    """Read the matchers in braces that begin there, if any do."""
    labels: dict[str, str] = {}
    if place < len(found) and found[place][1] == "{":
        while found[place][1] != "}":
            name, _operator, value = (text for _kind, text in found[place + 1 : place + 4])
            labels[name] = value.strip('"')
            place += 4
    return labels


def collectors() -> dict[str, MetricWrapperBase]:
    """List what is registered, by every name under which it is exposed."""
    return {
        name: collector
        for collector, names in REGISTRY._collector_to_names.items()
        if isinstance(collector, MetricWrapperBase)
        for name in names
    }


def expressions() -> list[Any]:
    """List every expression, under the name of its rule or panel."""
    rules = [pytest.param(rule["expr"], id=rule.get("alert") or rule["record"]) for rule in ALL_RULES]
    panels = [
        pytest.param(target["expr"], id=f"panel {panel['title']} {target['refId']}")
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    ]
    return rules + panels


@pytest.mark.parametrize("expression", expressions())
def test_every_series_is_one_that_a_service_exposes(expression: str) -> None:
    """Its name, its labels, and its bucket are those of a metric in the code, or it is recorded by a rule."""
    known = collectors()
    asked = list(series_of(expression))
    assert asked
    for name, labels in asked:
        if name in RECORDED:
            continue
        assert name in known, f"no service exposes {name}"
        collector = known[name]
        own = {*collector._labelnames, *(["le"] if name.endswith("_bucket") else [])}
        assert set(labels) <= own, f"{name} has no label {set(labels) - own}"
        if labels.get("le"):
            bounds = {str(bound) for bound in getattr(collector, "_upper_bounds", ())}
            assert labels["le"] in bounds, f"{name} has no bucket {labels['le']}"


def test_groups_are_what_prometheus_reads() -> None:
    """Names are unique; a rule records or alerts; an alert says how grave it is and what it means."""
    assert set(RULES) == {"groups"}
    assert len({group["name"] for group in GROUPS}) == len(GROUPS)
    names = [rule.get("alert") or rule["record"] for rule in ALL_RULES]
    assert len(set(names)) == len(names)
    for group in GROUPS:
        assert set(group) <= {"name", "interval", "rules"}
        assert DURATION.fullmatch(group.get("interval", "1m"))
    for rule in ALL_RULES:
        assert ("alert" in rule) != ("record" in rule)
        assert set(rule) <= {"alert", "record", "expr", "for", "labels", "annotations"}
        assert DURATION.fullmatch(rule.get("for", "1m"))
        if "alert" in rule:
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert set(rule["annotations"]) == {"summary", "description"}


def test_panels_do_not_overlap() -> None:
    """Each has an id and a place of its own, and a source that can be chosen."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & squares, panel["title"]
        taken |= squares
        assert panel["datasource"]["uid"] == "${datasource}"
