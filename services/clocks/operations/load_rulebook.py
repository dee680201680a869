"""Load what a tenant's events are folded by: compiled policies, and the Timelines of their Calendars.

A loaded rulebook is kept in the process and trusted by its revision: whoever folds by it holds that
revision in its own transaction, and loads again where it has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Generic, TypeVar

import msgspec

from businesstime import Timeline, to_us
from calendars.contract import Calendars, ReadTimelines, TimelineRecord
from clocks.domain.policy import Policy, PolicyVersion
from clocks.domain.policy_document import parse_policy
from clocks.domain.refusals import UnsettledError
from clocks.domain.standing import CountedOn
from clocks.operations.adopt_calendars import adopt
from clocks.storage.policies import RuleRow, read_all_versions
from clocks.storage.rulebooks import (
    CalendarCopy,
    Revisions,
    ensure_rulebook,
    read_calendar_copies,
    read_rulebook,
)
from clocks.storage.rulebooks import read_timelines as read_blobs
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["Rulebook", "Rulebooks", "compile_rules", "in_our_name", "read_timelines"]

_MAX_RULEBOOKS = 1_000
_MAX_TIMELINES = 1_000
_MAX_POLICIES = 2_000
_MOST_KEYS = 100
_ATTEMPTS = 5

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    """A tenant's rules at a revision: the versions of each Policy, and what Cycles are counted on."""

    revisions: Revisions
    policies: Mapping[str, Sequence[PolicyVersion]]
    counted_on: CountedOn


class Rulebooks:
    """The rulebooks of a process; bounded, the ones not used for longest go first."""

    def __init__(self, *, database: Database, calendars: Calendars) -> None:
        self._database = database
        self._calendars = calendars
        self._rulebooks = _Recent[str, Rulebook](_MAX_RULEBOOKS)
        self._timelines = _Recent[str, Timeline](_MAX_TIMELINES)

    async def current(self, context: RequestContext) -> Rulebook:
        """Give the rulebook as last loaded, which may have changed since: hold its revision to be sure."""
        return self._rulebooks.get(context.tenant_id) or await self.load(context)

    async def at_least(self, context: RequestContext, revisions: Revisions) -> Rulebook:
        """Give a rulebook that is not older than what a transaction has seen."""
        rulebook = await self.current(context)
        return rulebook if rulebook.revisions >= revisions else await self.load(context)

    async def load(self, context: RequestContext) -> Rulebook:
        """Load the rulebook as of now. Raises UnsettledError where it changes faster than it is read."""
        for _ in range(_ATTEMPTS):
            revisions, rules, copies = await self._read(context)
            policies = compile_rules(rules)
            lacking = self._lacking(policies, copies)
            if lacking:
                await self._recall(context, lacking)
                lacking = self._lacking(policies, copies)
            if not lacking:
                rulebook = self._assemble(revisions, policies, copies)
                self._rulebooks.put(context.tenant_id, rulebook)
                return rulebook
            await self._fetch(context, lacking)
        raise UnsettledError("policies or calendars change at this moment: try again")

    async def counted_on(
        self, context: RequestContext, keys: Sequence[str], known_at: datetime | None
    ) -> CountedOn:
        """Give what Cycles are counted on by what was recorded of Calendars at an instant; None: now."""
        records = await read_timelines(self._calendars, context, keys, known_at=known_at)
        self._keep(records)
        kept = {record.key: self._timelines.get(record.content_key) for record in records}
        return CountedOn(
            {key: timeline for key, timeline in kept.items() if timeline is not None},
            {record.key: record.version for record in records},
        )

    async def _read(
        self, context: RequestContext
    ) -> tuple[Revisions, Sequence[RuleRow], Mapping[str, CalendarCopy]]:
        async with self._database.transaction(context.tenant_id) as connection:
            await ensure_rulebook(connection)
        async with self._database.transaction(
            context.tenant_id, isolation="repeatable read", read_only=True
        ) as connection:
            copies = await read_calendar_copies(connection)
            return (
                await read_rulebook(connection),
                await read_all_versions(connection),
                {copy.calendar_key: copy for copy in copies},
            )

    def _lacking(
        self, policies: Mapping[str, Sequence[PolicyVersion]], copies: Mapping[str, CalendarCopy]
    ) -> Sequence[str]:
        """List the Calendars whose Timeline is not at hand."""
        named = {
            key
            for versions in policies.values()
            for version in versions
            for key in version.policy.calendar_keys
        }
        return sorted(
            key for key in named if key not in copies or self._timelines.get(copies[key].content_key) is None
        )

    def _assemble(
        self,
        revisions: Revisions,
        policies: Mapping[str, Sequence[PolicyVersion]],
        copies: Mapping[str, CalendarCopy],
    ) -> Rulebook:
        timelines = {key: self._timelines.get(copy.content_key) for key, copy in copies.items()}
        return Rulebook(
            revisions=revisions,
            policies=policies,
            counted_on=CountedOn(
                {key: timeline for key, timeline in timelines.items() if timeline is not None},
                {key: copy.version for key, copy in copies.items()},
            ),
        )

    async def _recall(self, context: RequestContext, keys: Sequence[str]) -> None:
        """Read the Timelines that Cycles are counted on, whatever Calendars would be compiled to now."""
        async with self._database.transaction(context.tenant_id, read_only=True) as connection:
            blobs = await read_blobs(connection, keys)
        for content_key, blob in blobs.items():
            self._timelines.put(content_key, Timeline.from_bytes(blob))

    async def _fetch(self, context: RequestContext, keys: Sequence[str]) -> None:
        """Ask for Timelines, keep them, and take over the versions that they come from."""
        records = await read_timelines(self._calendars, context, keys)
        self._keep(records)
        async with self._database.transaction(context.tenant_id) as connection:
            await adopt(connection, records)

    def _keep(self, records: Sequence[TimelineRecord]) -> None:
        for record in records:
            if self._timelines.get(record.content_key) is None:
                self._timelines.put(record.content_key, Timeline.from_bytes(record.blob))


async def read_timelines(
    calendars: Calendars, context: RequestContext, keys: Sequence[str], *, known_at: datetime | None = None
) -> Sequence[TimelineRecord]:
    """Ask the calendars for Timelines, as recorded by an instant (None: now), in our own name."""
    ours = in_our_name(context)
    records: list[TimelineRecord] = []
    for start in range(0, len(keys), _MOST_KEYS):
        request = ReadTimelines(keys=tuple(keys[start : start + _MOST_KEYS]), known_at=known_at)
        records.extend((await calendars.read_timelines(ours, request)).timelines)
    return records


def in_our_name(context: RequestContext) -> RequestContext:
    """Read for a caller whose scopes are about something else."""
    return msgspec.structs.replace(
        context, subject="service:clocks", scopes=frozenset({"read"}), idempotency_key=None
    )


def compile_rules(rules: Sequence[RuleRow]) -> Mapping[str, Sequence[PolicyVersion]]:
    """Compile versions, which are in order of Policy, each document once a process."""
    return {
        policy_key: tuple(
            PolicyVersion(
                policy_key=policy_key,
                version=rule.version,
                policy=_policy(msgspec.json.encode(rule.document, order="deterministic")),
                effective_from_us=None if rule.effective_from is None else to_us(rule.effective_from),
            )
            for rule in group
        )
        for policy_key, group in groupby(rules, key=lambda rule: rule.policy_key)
    }


@lru_cache(maxsize=_MAX_POLICIES)
def _policy(document: bytes) -> Policy:
    """Parse and compile a document once a process: a policy is a value."""
    return parse_policy(msgspec.json.decode(document))


class _Recent(Generic[Key, Value]):
    """A bounded mapping that forgets what was not used for longest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values = OrderedDict[Key, Value]()

    def get(self, key: Key) -> Value | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
