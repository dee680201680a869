"""The tenant's default Calendar: what counts where neither Target, attribute nor Policy names another.

It has versions, as a Policy has. A Policy that names no default is folded as if it had a version for each
time during which one version of its document and one default hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from clocks.domain.errors import DefaultCalendarMissingError
from clocks.domain.policy import PolicyVersion

__all__ = ["DefaultCalendar", "with_default", "with_defaults"]


class DefaultCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """The default as it holds from an instant on; the first one holds always (effective_from_us None)."""

    version: int
    calendar_key: str
    effective_from_us: int | None = None


V = TypeVar("V", PolicyVersion, DefaultCalendar)


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
    return tuple(_parts(_by_start(versions), _by_start(defaults)))


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


def _parts(
    versions: Mapping[int | None, Sequence[PolicyVersion]],
    defaults: Mapping[int | None, Sequence[DefaultCalendar]],
) -> Iterator[PolicyVersion]:
    """List, from each instant on, what governs, or all that begins there, of which the last governs."""
    governing: Sequence[PolicyVersion] = ()
    default: DefaultCalendar | None = None
    for instant_us in sorted({*versions, *defaults}, key=_place):
        begun = versions.get(instant_us, ())
        governing = begun[-1:] or governing
        default = defaults[instant_us][-1] if instant_us in defaults else default
        for version in begun or governing:
            yield replace(with_default(version, default), effective_from_us=instant_us)


def _by_start(versions: Sequence[V]) -> Mapping[int | None, Sequence[V]]:
    """Group versions by the instant from which they hold, each group in order of their numbers."""
    groups: dict[int | None, list[V]] = {}
    for version in sorted(versions, key=lambda each: each.version):
        groups.setdefault(version.effective_from_us, []).append(version)
    return groups


def _place(instant_us: int | None) -> tuple[bool, int]:
    """Order instants: what holds always came before all."""
    return instant_us is not None, instant_us or 0
