"""Attributes of Subjects by which lists are narrowed: those that a policy names, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from clocks.domain.policy import PolicyVersion

__all__ = ["MAX_FILTER_VALUE", "AttributeChanges", "attribute_changes", "filter_value", "filterable_names"]

MAX_FILTER_VALUE = 200


class AttributeChanges(NamedTuple):
    """What has to be written of a Subject: values by name, and names that have none."""

    kept: Mapping[str, str]
    gone: Sequence[str]


def filterable_names(policies: Mapping[str, Iterable[PolicyVersion]]) -> Sequence[str]:
    """List the attributes that any version of any Policy names."""
    versions = (version for group in policies.values() for version in group)
    return sorted({name for version in versions for name in version.policy.filterable})


def filter_value(value: object) -> str | None:
    """Write a value as it is asked for: a text as it is, anything else as in JSON; None for a long one."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_FILTER_VALUE else None


def attribute_changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], names: Sequence[str]
) -> AttributeChanges:
    """Compare what is kept of a Subject with what it has now; before: None where that is not known."""
    changed = [name for name in names if before is None or before.get(name) != after.get(name)]
    values = {name: filter_value(after[name]) for name in changed if name in after}
    kept = {name: value for name, value in values.items() if value is not None}
    return AttributeChanges(kept, [name for name in changed if name not in kept])
