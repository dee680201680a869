"""The tenant's default Calendar, put into the versions of Policies that name none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clocks.domain.default_calendar import DefaultCalendar, with_defaults
from clocks.domain.errors import DefaultCalendarMissingError
from clocks.domain.policy import PolicyVersion, version_in_force
from clocks.domain.policy_document import parse_policy

METRICS = {"m": {"start": "true", "stop": "false", "targets": [{"name": "t", "duration": "4h"}]}}
OWN = parse_policy({"name": "own", "calendars": {"default": "office"}, "metrics": METRICS})
NONE = parse_policy({"name": "none", "metrics": METRICS})
INSTANTS = st.none() | st.integers(0, 5)


def version(number: int, since_us: int | None = None, policy: Any = NONE) -> PolicyVersion:
    """Make a version of a Policy."""
    return PolicyVersion(policy_key="p", version=number, policy=policy, effective_from_us=since_us)


def default(number: int, key: str, since_us: int | None = None) -> DefaultCalendar:
    """Make a version of the default."""
    return DefaultCalendar(version=number, calendar_key=key, effective_from_us=since_us)


def settled(versions: Sequence[PolicyVersion], *defaults: DefaultCalendar) -> Sequence[PolicyVersion]:
    """Put them together."""
    return with_defaults({"p": versions}, defaults)["p"]


def test_a_policy_with_a_default_of_its_own_is_left_alone() -> None:
    """Whatever the tenant's is."""
    versions = (version(1, policy=OWN),)
    assert settled(versions, default(1, "night")) is versions
    assert settled(versions) is versions


def test_the_rule_says_that_the_tenant_chose() -> None:
    """And which version of the default it was."""
    (found,) = settled([version(1)], default(1, "night"))
    (target,) = found.policy.metrics[0].targets
    assert found.policy.calendars.choose(target, {}) == ("night", "tenant_default")
    assert (found.default_version, found.policy.calendar_keys) == (1, frozenset({"night"}))


def test_without_any_default_a_policy_is_refused() -> None:
    """By the place where it could have named one."""
    with pytest.raises(DefaultCalendarMissingError, match="no default calendar") as refused:
        settled([version(1)])
    assert refused.value.field == "calendars.default"


@given(st.lists(st.tuples(INSTANTS, st.booleans()), min_size=1, max_size=4), st.lists(INSTANTS, max_size=3))
def test_at_any_instant_the_version_and_the_default_in_force_hold(
    versions: list[tuple[int | None, bool]], defaults: list[int | None]
) -> None:
    """Whatever took effect in whatever order; and no version is lost."""
    given_versions = [
        version(number, since, OWN if own else NONE) for number, (since, own) in enumerate(versions, start=1)
    ]
    given_defaults = [default(1, "d1")] + [
        default(number, f"d{number}", since) for number, since in enumerate(defaults, start=2)
    ]
    found = settled(given_versions, *given_defaults)
    assert {each.version for each in found} == {each.version for each in given_versions}
    for at_us in range(-1, 7):
        policy, tenant = version_in_force(given_versions, at_us), version_in_force(given_defaults, at_us)
        held = version_in_force(found, at_us)
        assert (held is None) == (policy is None)
        if held is not None and policy is not None and tenant is not None:
            assert held.version == policy.version
            own = policy.policy is OWN
            assert held.default_version == (0 if own else tenant.version)
            assert held.policy.calendars.default == ("office" if own else tenant.calendar_key)


def test_many_versions_are_put_together_in_one_pass() -> None:
    """A thousand defaults under a thousand versions take no longer than reading them."""
    found = settled(
        [version(number, number) for number in range(1, 1_001)],
        default(1, "d1"),
        *(default(number, f"d{number}", number + 1_000) for number in range(2, 1_001)),
    )
    assert len(found) == 1_999
    assert (found[-1].version, found[-1].default_version) == (1_000, 1_000)
