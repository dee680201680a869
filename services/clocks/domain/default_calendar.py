"""The tenant's default Calendar: what counts where neither Target, attribute nor Policy names another.

It has versions, as a Policy has. A Policy that names no default is folded as if it had a version for each
time during which one version of its document and one default hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from clocks.domain.errors import DefaultCalendarMissingError
from clocks.domain.policy import PolicyVersion, version_in_force

__all__ = ["DefaultCalendar", "with_default", "with_defaults"]

ALWAYS_US = -(2**63)
"""Before every instant: then holds what holds always."""


class DefaultCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """The default as it holds from an instant on; the first one holds always (effective_from_us None)."""

    version: int
    calendar_key: str
    effective_from_us: int | None = None


def with_defaults(
    policies: Mapping[str, Sequence[PolicyVersion]], defaults: Sequence[DefaultCalendar]
) -> Mapping[str, Sequence[PolicyVersion]]:
    """Give Policies the tenant's defaults. Raises DefaultCalendarMissingError where one needs what is not."""
    return {key: settled(versions, defaults) for key, versions in policies.items()}


def settled(
    versions: Sequence[PolicyVersion], defaults: Sequence[DefaultCalendar]
) -> Sequence[PolicyVersion]:
    """Split versions by default, where any of them leaves the choice to the tenant."""
    if all(version.policy.calendars.default is not None for version in versions):
        return versions
    instants = {each.effective_from_us for each in versions} | {each.effective_from_us for each in defaults}
    return tuple(part for instant_us in instants for part in parts_from(instant_us, versions, defaults))


def parts_from(
    instant_us: int | None, versions: Sequence[PolicyVersion], defaults: Sequence[DefaultCalendar]
) -> Iterator[PolicyVersion]:
    """List the version that governs from an instant on, and those that do not though they begin there."""
    at_us = ALWAYS_US if instant_us is None else instant_us
    default, governing = version_in_force(defaults, at_us), version_in_force(versions, at_us)
    for version in versions:
        if version is governing or version.effective_from_us == instant_us:
            yield replace(with_default(version, default), effective_from_us=instant_us)


def with_default(version: PolicyVersion, default: DefaultCalendar | None) -> PolicyVersion:
    """Put one version of a Policy and one default together. Raises DefaultCalendarMissingError."""
    policy = version.policy
    if policy.calendars.default is not None:
        return version
    if default is None:
        raise DefaultCalendarMissingError(
            "is missing, and the tenant has no default calendar", field="calendars.default"
        )
    rules = replace(policy.calendars, default=default.calendar_key, default_rule="tenant_default")
    return replace(version, policy=replace(policy, calendars=rules), default_version=default.version)
