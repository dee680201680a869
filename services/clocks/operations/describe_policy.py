"""Describe Policies as they cross the door."""

from __future__ import annotations

from collections.abc import Sequence

from clocks.contract import PolicyRecord, PolicyVersionRecord
from clocks.storage.policies import PolicyRow, VersionRow

__all__ = ["describe"]


def describe(policy: PolicyRow, versions: Sequence[VersionRow]) -> PolicyRecord:
    """Put a Policy and its versions together."""
    return PolicyRecord(
        key=policy.policy_key,
        name=policy.name,
        version=policy.version,
        versions=tuple(
            PolicyVersionRecord(
                version=version.version,
                effective_from=version.effective_from,
                document=version.document,
                created_at=version.created_at,
                created_by=version.created_by,
            )
            for version in versions
        ),
    )
