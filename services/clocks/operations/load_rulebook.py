"""Load what a tenant's events are folded by: compiled policies, and the Timelines of their Calendars.

A loaded rulebook is kept in the process and trusted by its revision: whoever folds by it holds that
revision in its own transaction, and loads again where it has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from businesstime import Timeline
from calendars.contract import Calendars, ReadTimelines, TimelineRecord
from clocks.domain.default_calendar import DefaultCalendar
from clocks.domain.policies import Policies
from clocks.domain.refusals import UnsettledError
from clocks.domain.standing import CountedOn
from clocks.operations.adopt_calendars import adopt
from clocks.operations.compile_rules import RuleRows, compile_defaults, compile_rules, read_rules
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
from serving.problems import describe

__all__ = ["Rulebook", "Rulebooks", "in_our_name", "is_unknown_calendar", "read_timelines"]

_MAX_RULEBOOKS = 1_000
_MAX_TIMELINES = 1_000
_MOST_KEYS = 100
_ATTEMPTS = 5

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    """A tenant's rules at a revision: the versions of each Policy, and what Cycles are counted on.

    defaults: the versions of the tenant's default Calendar, which `policies` have in them.
    """

    revisions: Revisions
    policies: Policies
    defaults: Sequence[DefaultCalendar]
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
            timelines = await self._timelines_of(context, copies)
            lacking = sorted((_named(policies) | copies.keys()) - timelines.keys())
            if not lacking:
                rulebook = Rulebook(
                    revisions=revisions,
                    policies=policies,
                    defaults=compile_defaults(rules.defaults),
                    counted_on=CountedOn(timelines, {key: copy.version for key, copy in copies.items()}),
                )
                self._rulebooks.put(context.tenant_id, rulebook)
                return rulebook
            await self._fetch(context, lacking)
        raise UnsettledError("policies or calendars change at this moment: try again")

    async def counted_on(
        self, context: RequestContext, keys: Sequence[str], known_at: datetime | None
    ) -> CountedOn:
        """Give what Cycles are counted on by what was recorded of Calendars at an instant; None: now."""
        records = await read_timelines(self._calendars, context, keys, known_at=known_at)
        return CountedOn(self._keep(records), {record.key: record.version for record in records})

    async def _read(self, context: RequestContext) -> tuple[Revisions, RuleRows, Mapping[str, CalendarCopy]]:
        async with self._database.transaction(context.tenant_id) as connection:
            await ensure_rulebook(connection)
        async with self._database.transaction(
            context.tenant_id, isolation="repeatable read", read_only=True
        ) as connection:
            copies = await read_calendar_copies(connection)
            return (
                await read_rulebook(connection),
                await read_rules(connection),
                {copy.calendar_key: copy for copy in copies},
            )

    async def _timelines_of(
        self, context: RequestContext, copies: Mapping[str, CalendarCopy]
    ) -> dict[str, Timeline]:
        """Give the Timelines that Cycles are counted on, whatever Calendars would be compiled to now."""
        at_hand = {key: self._timelines.get(copy.content_key) for key, copy in copies.items()}
        timelines = {key: timeline for key, timeline in at_hand.items() if timeline is not None}
        missing = sorted(copies.keys() - timelines.keys())
        if missing:
            async with self._database.transaction(context.tenant_id, read_only=True) as connection:
                blobs = await read_blobs(connection, missing)
            for key in missing:
                content_key = copies[key].content_key
                if content_key in blobs:  # else taken over anew since, or by a version that kept none
                    timelines[key] = Timeline.from_bytes(blobs[content_key], of_any_edition=True)
                    self._timelines.put(content_key, timelines[key])
        return timelines

    async def _fetch(self, context: RequestContext, keys: Sequence[str]) -> None:
        """Ask for Timelines, keep them, and take over the versions that they come from."""
        records = await read_timelines(self._calendars, context, keys)
        self._keep(records)
        async with self._database.transaction(context.tenant_id) as connection:
            await adopt(connection, records)

    def _keep(self, records: Sequence[TimelineRecord]) -> dict[str, Timeline]:
        kept: dict[str, Timeline] = {}
        for record in records:
            timeline = self._timelines.get(record.content_key) or Timeline.from_bytes(record.blob)
            self._timelines.put(record.content_key, timeline)
            kept[record.key] = timeline
        return kept


def _named(policies: Policies) -> set[str]:
    """List the Calendars that Policies name."""
    return {
        key for versions in policies.values() for version in versions for key in version.policy.calendar_keys
    }


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


def is_unknown_calendar(error: Exception) -> bool:
    """Recognise that a Calendar is not there, in process or by HTTP: a key that is none, or names nothing."""
    problem = describe(error)
    return problem is not None and problem.code in {"calendar_unknown", "calendar_key_invalid"}


def in_our_name(context: RequestContext) -> RequestContext:
    """Read for a caller whose scopes are about something else."""
    return msgspec.structs.replace(
        context, subject="service:clocks", scopes=frozenset({"read"}), idempotency_key=None
    )


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
