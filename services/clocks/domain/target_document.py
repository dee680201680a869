"""The Targets of a policy document: how long, in hours or business days or until when, and the warnings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from businesstime import BusinessDays
from clocks.domain.document_values import (
    as_list,
    condition,
    duration,
    integer,
    known_fields,
    optional,
    refuse_repeats,
    text,
)
from clocks.domain.errors import DurationUnsupportedError, PolicyInvalidError
from clocks.domain.policy import Target, TermRule, WarningRule

__all__ = ["parse_length", "parse_targets"]

MAX_TARGETS = 100
MAX_WARNINGS = 20
MAX_DAYS = 1_000
PERCENTAGE = re.compile(r"(\d{1,9})(?:\.(\d{1,4}))?\s*%")
WHOLE_PPM = 1_000_000

Length = tuple[int, TermRule | None]


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
        value, path, required=("name",), optional=("duration", "until", "when", "warnings", "calendar")
    )
    length = parse_reach(fields, path)
    return Target(
        name=text(fields["name"], f"{path}.name"),
        when=condition(fields.get("when", "true"), f"{path}.when"),
        duration_us=length[0],
        term=length[1],
        warnings=parse_warnings(fields.get("warnings") or [], f"{path}.warnings", length),
        calendar_key=optional(fields, "calendar", path, text),
    )


def parse_reach(fields: Mapping[str, Any], path: str) -> Length:
    """Parse how far the Target reaches: `duration` or `until`, one of them."""
    length, until = fields.get("duration"), fields.get("until")
    if length is None and until is None:
        raise PolicyInvalidError("is missing, or until is; one of them is needed", field=f"{path}.duration")
    if length is None:
        return 0, parse_until(until, f"{path}.until")
    if until is not None:
        raise PolicyInvalidError("stands beside duration; a target has one of them", field=f"{path}.until")
    return parse_length(length, f"{path}.duration")


def parse_length(value: object, path: str) -> Length:
    """Parse hours, or business days as a term."""
    length = duration(value, path)
    if not isinstance(length, BusinessDays):
        return length, None
    if length.days > MAX_DAYS:
        raise PolicyInvalidError(f"at most {MAX_DAYS} business days", field=path)
    return 0, TermRule("days", length.days)


def parse_until(value: object, path: str) -> TermRule:
    """Parse a fixed point: `{business_day_end: 1}` or `{attribute: promised_at}`."""
    fields = known_fields(value, path, required=(), optional=("business_day_end", "attribute"))
    if len(fields) != 1:
        raise PolicyInvalidError("one of business_day_end, attribute", field=path)
    if "attribute" in fields:
        return TermRule("attribute", attribute=text(fields["attribute"], f"{path}.attribute"))
    days = integer(fields["business_day_end"], f"{path}.business_day_end", most=MAX_DAYS)
    return TermRule("day_end", days)


def parse_warnings(value: object, path: str, length: Length) -> tuple[WarningRule, ...]:
    """Parse warnings, earliest first; each one's label is its text."""
    entries = as_list(value, path, limit=MAX_WARNINGS)
    rules = [parse_warning(entry, f"{path}[{index}]", length) for index, entry in enumerate(entries)]
    refuse_repeats([rule.label for rule in rules], lambda index: f"{path}[{index}]")
    return tuple(sorted(rules, key=lambda rule: (rule.elapsed_us, rule.label)))


def parse_warning(value: object, path: str, length: Length) -> WarningRule:
    """Parse "75%" of the Target, "30m" of business time before due, or "1bd" before a fixed point."""
    target_us, term = length
    label = text(value, path)
    rule = read_warning(label, path, fixed=term is not None and term.kind != "days")
    if term is None:
        rule = rule.of(target_us)
    whole = rule.share_ppm >= WHOLE_PPM
    nothing = rule.share_ppm == rule.before_us == rule.before_days
    if whole or nothing or (term is None and not 0 < rule.elapsed_us < target_us):
        raise PolicyInvalidError(f"{label!r} is not between the start and the end of the target", field=path)
    return rule


def read_warning(label: str, path: str, *, fixed: bool) -> WarningRule:
    """Read what a warning says."""
    share = PERCENTAGE.fullmatch(label)
    if share is not None:
        return WarningRule(label, 0, share_ppm=int(share[1]) * 10_000 + int((share[2] or "").ljust(4, "0")))
    before = duration(label, path)
    if not isinstance(before, BusinessDays):
        return WarningRule(label, 0, before_us=before)
    if not fixed:
        raise DurationUnsupportedError(
            "business days before due need a target with a fixed point", field=path
        )
    return WarningRule(label, 0, before_days=before.days)
