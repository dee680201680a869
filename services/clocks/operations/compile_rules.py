"""Compile what events are folded by: the versions of Policies, with the tenant's default Calendar in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import msgspec

from clocks.domain.default_calendar import DefaultCalendar, with_defaults
from clocks.domain.instant import microseconds
from clocks.domain.policies import PolicyBook
from clocks.domain.policy import Policy, PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.storage.default_calendars import DefaultRow, read_defaults
from clocks.storage.policies import RuleRow, read_all_versions, read_versions_known
from pgstore.connection import Connection

__all__ = ["RuleRows", "compile_defaults", "compile_rules", "read_rules"]

_MAX_POLICIES = 2_000


class RuleRows(NamedTuple):
    """Every version of every Policy, in order of Policy, and of the default Calendar."""

    policies: Sequence[RuleRow]
    defaults: Sequence[DefaultRow]


async def read_rules(connection: Connection, known_at: datetime | None = None) -> RuleRows:
    """Read all versions, or those that had been saved by an instant."""
    if known_at is None:
        return RuleRows(await read_all_versions(connection), await read_defaults(connection))
    return RuleRows(
        await read_versions_known(connection, known_at), await read_defaults(connection, known_at)
    )


def compile_rules(rules: RuleRows) -> PolicyBook:
    """Compile versions, each document once a process. Raises DefaultCalendarMissingError."""
    policies = {
        policy_key: tuple(
            PolicyVersion(
                policy_key=policy_key,
                version=rule.version,
                policy=_policy(msgspec.json.encode(rule.document, order="deterministic")),
                effective_from_us=microseconds(rule.effective_from),
            )
            for rule in group
        )
        for policy_key, group in groupby(rules.policies, key=lambda rule: rule.policy_key)
    }
    return PolicyBook(with_defaults(policies, compile_defaults(rules.defaults)))


def compile_defaults(rows: Sequence[DefaultRow]) -> Sequence[DefaultCalendar]:
    """Give the versions of the default Calendar as they are folded by."""
    return [
        DefaultCalendar(
            version=row.version,
            calendar_key=row.calendar_key,
            effective_from_us=microseconds(row.effective_from),
        )
        for row in rows
    ]


@lru_cache(maxsize=_MAX_POLICIES)
def _policy(document: bytes) -> Policy:
    """Parse and compile a document once a process: a policy is a value."""
    return parse_policy(msgspec.json.decode(document))
