"""A story as documents and events: what the services are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.scenarios.story import WEEKLY, CalendarSaying, Fact, Length, PolicySaying, TargetSaying
from tests.scenarios.story_oracle import REGIONS
from tests.scenarios.story_warnings import label_of

__all__ = ["attributes_of", "calendar_document", "event_id", "instant", "policy_document", "type_of"]


def instant(monday: date, minute: int) -> datetime:
    """Say the instant of a minute."""
    return datetime.combine(monday, time(), UTC) + timedelta(minutes=minute)


def day_text(monday: date, day: int) -> str:
    """Write a day."""
    return (monday + timedelta(days=day)).isoformat()


def calendar_document(saying: CalendarSaying, monday: date) -> dict[str, Any]:
    """Write a version of a Calendar."""
    if saying.operator:
        return {saying.operator: list(saying.operands)}
    document: dict[str, Any] = {"parent": saying.parent} if saying.parent else {"zone": saying.zone}
    if saying.weekly:
        document["hours"] = WEEKLY[saying.weekly]
    if saying.season:
        first, last = (day_text(monday, day) for day in saying.season[:2])
        document["seasons"] = [
            {"name": "other", "from": first, "to": last, "hours": WEEKLY[saying.season.weekly]}
        ]
    if saying.closed:
        document["holidays"] = [
            {"date": day_text(monday, day), "name": f"Holiday {day}"} for day in saying.closed
        ]
    if saying.special:
        document["special"] = {day_text(monday, day): list(windows) for day, windows in saying.special}
    return document


def policy_document(*sayings: PolicySaying) -> dict[str, Any]:
    """Write a version of the Policy, by what it says of each Metric."""
    return {
        "name": "Story",
        "covers": 'subject.covered == "yes"',
        "calendars": {"default": "base", "attribute": "region", "mapping": dict(REGIONS)},
        "metrics": {name: metric_document(saying) for name, saying in zip("mn", sayings, strict=False)},
    }


def metric_document(saying: PolicySaying) -> dict[str, Any]:
    """Write a Metric."""
    metric: dict[str, Any] = {
        "start": 'subject.state in ["work", "wait", "done"]',
        "stop": 'subject.state == "done"',
        "pause": 'subject.state == "wait"',
        "cancel": 'event.type == "deleted"',
        "repeats": {"no": False, "yes": True, "chained": "chained"}[saying.repeats],
        "reopen": saying.reopen,
        "retarget": saying.retarget,
        "targets": [target_document(target) for target in saying.targets],
    }
    if saying.starts != "event":
        metric["starts_at"] = "opened" if saying.starts == "opened" else {"event": "first"}
    return metric


def target_document(target: TargetSaying) -> dict[str, Any]:
    """Write a Target."""
    kind, count = target.length
    document: dict[str, Any] = {
        "name": target.name,
        "when": f'subject.priority == "{target.priority}"',
        "warnings": [label_of(warn) for warn in target.warnings],
    }
    if target.calendar:
        document["calendar"] = target.calendar
    if kind == "said":
        return document | {"until": {"attribute": "promised"}}
    if kind == "day_end":
        return document | {"until": {"business_day_end": count}}
    return document | {"duration": duration_text(target.length)}


def duration_text(length: Length) -> str:
    """Write a length."""
    return f"{length.amount}bd" if length.kind == "days" else f"{length.amount}m"


def event_id(number: int) -> str:
    """Name an event, so that ids do not sort as numbers do."""
    return f"e{(7 * number) % 10}-{number}"


def type_of(fact: Fact) -> str:
    """Name the type of an event."""
    return f"clock.{fact.act}" if fact.act else fact.kind


def attributes_of(fact: Fact, monday: date) -> dict[str, Any]:
    """Write what an event says."""
    if fact.act:
        return action_of(fact, monday)
    return {name: said(name, value, monday) for name, value in fact.says}


def said(name: str, value: str | int | None, monday: date) -> str | None:
    """Write an attribute: minutes as an instant, days as a date."""
    if isinstance(value, int):
        return instant(monday, value).isoformat()
    if name == "promised" and value is not None:
        return day_text(monday, int(value.removeprefix("day ")))
    return value


def action_of(fact: Fact, monday: date) -> dict[str, Any]:
    """Write what is done by hand."""
    done: dict[str, Any] = {"reason": "because"}
    if fact.about:
        done |= {"policy": "p", "metric": fact.about}
    if fact.about:
        done |= {"policy": "p", "metric": fact.about}
    if fact.act == "exclude":
        done |= {
            name: instant(monday, at).isoformat()
            for name, at in zip(("from", "until"), fact.span, strict=True)
        }
    if fact.act == "revoke":
        done["event"] = event_id(fact.revokes)
    if fact.act == "override":
        done |= {"target": fact.to} if isinstance(fact.to, str) else {"duration": duration_text(fact.to)}
    return done


def first_sayings(sayings: Sequence[CalendarSaying]) -> list[CalendarSaying]:
    """Choose the sayings that make a Calendar; the rest amend."""
    return [saying for saying in sayings if saying.since is None]
