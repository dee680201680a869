"""All Policies of a tenant, and which Clocks they may make: listed once a rulebook, not once a Subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from clocks.domain.policy import PolicyVersion

__all__ = ["ClockKey", "Policies", "PolicyBook", "clocks_of"]

Policies = Mapping[str, Sequence[PolicyVersion]]
ClockKey = tuple[str, str]
Timed = tuple[ClockKey, Sequence[PolicyVersion]]


class PolicyBook(dict[str, Sequence[PolicyVersion]]):
    """Every Policy's versions, by its key; never changed once it is made."""

    @cached_property
    def clocks(self) -> Sequence[Timed]:
        """What may be timed: every Metric of any version of every Policy, with the Policy's versions."""
        return [
            ((policy_key, name), versions)
            for policy_key, versions in self.items()
            for name in sorted({name for version in versions for name in version.rules})
        ]


def clocks_of(policies: Policies) -> Sequence[Timed]:
    """List what may be timed by any mapping of Policies."""
    return policies.clocks if isinstance(policies, PolicyBook) else PolicyBook(policies).clocks
