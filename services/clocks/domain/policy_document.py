"""Policy documents, as people write them in YAML or JSON, parsed into values; errors name the path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from clocks.domain.document_values import (
    as_list,
    as_mapping,
    boolean,
    choice,
    condition,
    known_fields,
    optional,
    refuse_repeats,
    text,
)
from clocks.domain.errors import PolicyInvalidError
from clocks.domain.policy import CalendarRules, Metric, Policy, Reopen, Retarget
from clocks.domain.target_document import parse_targets

__all__ = ["parse_policy"]

MAX_METRICS = 50
MAX_FILTERABLE = 16
MAX_MAPPING = 1_000
CHAINED = "chained"
FIRST = "first"
METRIC_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Parse and compile a document. Raises PolicyInvalidError and its kinds, with the path in `field`."""
    fields = known_fields(
        document, "", required=("name", "metrics"), optional=("calendars", "covers", "filterable")
    )
    return Policy(
        name=text(fields["name"], "name"),
        covers=condition(fields.get("covers", "true"), "covers"),
        calendars=parse_calendars(fields.get("calendars", {}), "calendars"),
        metrics=parse_metrics(fields["metrics"], "metrics"),
        filterable=parse_filterable(fields.get("filterable", ()), "filterable"),
    )


def parse_filterable(value: object, path: str) -> tuple[str, ...]:
    """Parse the names of attributes by which lists can be narrowed."""
    entries = as_list(value, path, limit=MAX_FILTERABLE)
    names = tuple(text(name, f"{path}[{index}]") for index, name in enumerate(entries))
    refuse_repeats(names, lambda index: f"{path}[{index}]")
    return names


def parse_calendars(value: object, path: str) -> CalendarRules:
    """Parse the rules that choose a Calendar; a mapping needs the attribute whose values it maps.

    No default: the tenant's.
    """
    fields = known_fields(value, path, required=(), optional=("default", "attribute", "mapping"))
    entries = as_mapping(fields.get("mapping", {}), f"{path}.mapping", limit=MAX_MAPPING)
    if ("attribute" in fields) != ("mapping" in fields):
        raise PolicyInvalidError("attribute and mapping go together", field=path)
    return CalendarRules(
        default=optional(fields, "default", path, text),
        attribute=optional(fields, "attribute", path, text),
        mapping={str(key): text(name, f"{path}.mapping.{key}") for key, name in entries.items()},
    )


def parse_metrics(value: object, path: str) -> tuple[Metric, ...]:
    """Parse the Metrics, in order of name."""
    entries = as_mapping(value, path, limit=MAX_METRICS)
    if not entries:
        raise PolicyInvalidError("a policy times at least one metric", field=path)
    for name in entries:
        if not METRIC_NAME.fullmatch(str(name)):
            raise PolicyInvalidError(
                "a metric's name is lower-case letters, digits and _, at most 63", field=f"{path}.{name}"
            )
    return tuple(parse_metric(name, entries[name], f"{path}.{name}") for name in sorted(entries))


def parse_metric(name: str, value: object, path: str) -> Metric:
    """Parse one Metric."""
    rules = ("starts_at", "pause", "cancel", "repeats", "reopen", "retarget")
    fields = known_fields(value, path, required=("start", "stop", "targets"), optional=rules)
    from_creation = names_creation(fields.get("starts_at"), f"{path}.starts_at")
    return Metric(
        name=name,
        start=condition(fields["start"], f"{path}.start"),
        stop=condition(fields["stop"], f"{path}.stop"),
        starts_at=None if from_creation else optional(fields, "starts_at", path, text),
        from_creation=from_creation,
        pause=optional(fields, "pause", path, condition),
        cancel=optional(fields, "cancel", path, condition),
        repeats=fields.get("repeats") == CHAINED or boolean(fields.get("repeats", False), f"{path}.repeats"),
        chained=fields.get("repeats") == CHAINED,
        reopen=choice(fields.get("reopen", "resume"), f"{path}.reopen", get_args(Reopen)),
        retarget=choice(fields.get("retarget", "RECOUNT"), f"{path}.retarget", get_args(Retarget)),
        targets=parse_targets(fields["targets"], f"{path}.targets"),
    )


def names_creation(value: object, path: str) -> bool:
    """Tell whether `{event: first}` stands in place of an attribute's name."""
    if not isinstance(value, Mapping):
        return False
    fields = known_fields(value, path, required=("event",), optional=())
    choice(fields["event"], f"{path}.event", (FIRST,))
    return True
