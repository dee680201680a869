"""Policy documents, as people write them in YAML or JSON, parsed into values; errors name the path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from businesstime import BusinessDays, BusinessTimeError, parse_duration
from clocks.domain.condition import Condition, compile_condition
from clocks.domain.errors import DurationUnsupportedError, PolicyInvalidError
from clocks.domain.policy import CalendarRules, Metric, Policy, Reopen, Retarget, Target, WarningRule

__all__ = ["parse_policy"]

MAX_NAME_LENGTH = 200
MAX_METRICS = 50
MAX_TARGETS = 100
MAX_WARNINGS = 20
MAX_MAPPING = 1_000
UNFIT = re.compile(r"[\x00\ud800-\udfff]")
METRIC_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
PERCENTAGE = re.compile(r"(\d{1,2})(?:\.(\d{1,4}))?\s*%")

Parsed = TypeVar("Parsed")
Choice = TypeVar("Choice", bound=str)


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Parse and compile a document. Raises PolicyInvalidError and its kinds, with the path in `field`."""
    fields = known_fields(document, "", required=("name", "calendars", "metrics"), optional=("covers",))
    return Policy(
        name=text(fields["name"], "name"),
        covers=condition(fields.get("covers", "true"), "covers"),
        calendars=parse_calendars(fields["calendars"], "calendars"),
        metrics=parse_metrics(fields["metrics"], "metrics"),
    )


def parse_calendars(value: object, path: str) -> CalendarRules:
    """Parse the rules that choose a Calendar; a mapping needs the attribute whose values it maps."""
    fields = known_fields(value, path, required=("default",), optional=("attribute", "mapping"))
    entries = as_mapping(fields.get("mapping", {}), f"{path}.mapping", limit=MAX_MAPPING)
    if ("attribute" in fields) != ("mapping" in fields):
        raise PolicyInvalidError("attribute and mapping go together", field=path)
    return CalendarRules(
        default=text(fields["default"], f"{path}.default"),
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
    return Metric(
        name=name,
        start=condition(fields["start"], f"{path}.start"),
        stop=condition(fields["stop"], f"{path}.stop"),
        starts_at=optional(fields, "starts_at", path, text),
        pause=optional(fields, "pause", path, condition),
        cancel=optional(fields, "cancel", path, condition),
        repeats=boolean(fields.get("repeats", False), f"{path}.repeats"),
        reopen=choice(fields.get("reopen", "resume"), f"{path}.reopen", get_args(Reopen)),
        retarget=choice(fields.get("retarget", "RECOUNT"), f"{path}.retarget", get_args(Retarget)),
        targets=parse_targets(fields["targets"], f"{path}.targets"),
    )


def parse_targets(value: object, path: str) -> tuple[Target, ...]:
    """Parse the Targets in order of choice; their names are unique."""
    entries = as_list(value, path, limit=MAX_TARGETS)
    if not entries:
        raise PolicyInvalidError("a metric has at least one target", field=path)
    targets = tuple(parse_target(entry, f"{path}[{index}]") for index, entry in enumerate(entries))
    refuse_repeats([target.name for target in targets], lambda index: f"{path}[{index}].name")
    return targets


def parse_target(value: object, path: str) -> Target:
    """Parse one Target; a missing `when` always holds."""
    fields = known_fields(
        value, path, required=("name", "duration"), optional=("when", "warnings", "calendar")
    )
    duration_us = duration(fields["duration"], f"{path}.duration")
    return Target(
        name=text(fields["name"], f"{path}.name"),
        when=condition(fields.get("when", "true"), f"{path}.when"),
        duration_us=duration_us,
        warnings=parse_warnings(fields.get("warnings") or [], f"{path}.warnings", duration_us),
        calendar_key=optional(fields, "calendar", path, text),
    )


def parse_warnings(value: object, path: str, duration_us: int) -> tuple[WarningRule, ...]:
    """Parse warnings, earliest first; each one's label is its text."""
    entries = as_list(value, path, limit=MAX_WARNINGS)
    rules = [parse_warning(entry, f"{path}[{index}]", duration_us) for index, entry in enumerate(entries)]
    refuse_repeats([rule.label for rule in rules], lambda index: f"{path}[{index}]")
    return tuple(sorted(rules, key=lambda rule: (rule.elapsed_us, rule.label)))


def parse_warning(value: object, path: str, duration_us: int) -> WarningRule:
    """Parse "75%" of the Target, or "30m" of business time before due, into an elapsed time."""
    label = text(value, path)
    share = PERCENTAGE.fullmatch(label)
    if share is None:
        elapsed_us = duration_us - duration(label, path)
    else:
        share_ppm = int(share[1]) * 10_000 + int((share[2] or "").ljust(4, "0"))
        elapsed_us = -(-duration_us * share_ppm // 1_000_000)  # rounded up: never early
    if not 0 < elapsed_us < duration_us:
        raise PolicyInvalidError(f"{label!r} is not between the start and the end of the target", field=path)
    return WarningRule(label, elapsed_us)


def duration(value: object, path: str) -> int:
    """Parse a duration in hours and their parts; positive microseconds of business time."""
    try:
        parsed = parse_duration(text(value, path))
    except BusinessTimeError as error:
        raise PolicyInvalidError(str(error), field=path) from None
    if isinstance(parsed, BusinessDays):
        raise DurationUnsupportedError("business days are not counted yet; give hours, as 16h", field=path)
    if parsed <= 0:
        raise PolicyInvalidError("a duration is more than nothing", field=path)
    return parsed


def condition(value: object, path: str) -> Condition:
    """Compile a condition; YAML's bare true and false are expressions too."""
    return compile_condition(str(value).lower() if isinstance(value, bool) else value, field=path)


def text(value: object, path: str) -> str:
    """Take a text of reasonable length."""
    if not isinstance(value, str) or not value.strip():
        raise PolicyInvalidError("a text is needed here", field=path)
    if len(value) > MAX_NAME_LENGTH or UNFIT.search(value):
        raise PolicyInvalidError(
            f"at most {MAX_NAME_LENGTH} characters, none of them NUL or half a one", field=path
        )
    return value


def boolean(value: object, path: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise PolicyInvalidError("true or false", field=path)
    return value


def choice(value: object, path: str, choices: tuple[Choice, ...]) -> Choice:
    """Take one of a closed set."""
    for known in choices:
        if value == known:
            return known
    raise PolicyInvalidError(f"one of {', '.join(choices)}; not {value!r}", field=path)


def optional(
    fields: Mapping[str, Any], name: str, path: str, parse: Callable[[object, str], Parsed]
) -> Parsed | None:
    """Parse a field that may be absent or null."""
    value = fields.get(name)
    return None if value is None else parse(value, f"{path}.{name}")


def as_mapping(value: object, path: str, *, limit: int) -> Mapping[Any, Any]:
    """Take a mapping of bounded size."""
    if not isinstance(value, Mapping):
        raise PolicyInvalidError("a mapping is needed here", field=path)
    if len(value) > limit:
        raise PolicyInvalidError(f"{len(value)} entries; at most {limit}", field=path)
    return value


def as_list(value: object, path: str, *, limit: int) -> Sequence[Any]:
    """Take a list of bounded length."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise PolicyInvalidError("a list is needed here", field=path)
    if len(value) > limit:
        raise PolicyInvalidError(f"{len(value)} entries; at most {limit}", field=path)
    return value


def known_fields(
    value: object, path: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, Any]:
    """Take a mapping that has all of the required fields and none that is unknown."""
    fields = as_mapping(value, path, limit=MAX_MAPPING)
    prefix = f"{path}." if path else ""
    for name in fields:
        if name not in required and name not in optional:
            raise PolicyInvalidError(
                f"unknown; known are {', '.join((*required, *optional))}", field=f"{prefix}{name}"
            )
    for name in required:
        if fields.get(name) is None:
            raise PolicyInvalidError("is missing", field=f"{prefix}{name}")
    return fields


def refuse_repeats(names: Sequence[str], path_of: Callable[[int], str]) -> None:
    """Refuse a name that stands twice in a list."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PolicyInvalidError(f"{name!r} stands here twice", field=path_of(index))
