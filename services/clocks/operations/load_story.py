"""Load all that one Subject's Cycles follow from, as known now or as it was known at an earlier moment.

Known at a moment is what had been recorded by then: events by their arrival, versions of policies and
Calendars by when they were saved. An event that was on its way into the database at that very moment counts
by when it arrived, though it could be read a moment later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clocks.contract import CycleRecord
from clocks.domain.cycle import Cycle, SubjectState, empty_state
from clocks.domain.event import Event
from clocks.domain.fold import fold
from clocks.domain.policies import Policies
from clocks.domain.refusals import CycleUnknownError, SubjectUnknownError
from clocks.domain.standing import CountedOn, CycleKey
from clocks.operations.compile_rules import RuleRows, compile_rules, read_rules
from clocks.operations.describe_cycle import describe, find_cycle
from clocks.operations.load_rulebook import Rulebooks
from clocks.operations.read_values import read_instant, read_text
from clocks.storage.events import read_events, read_events_known
from clocks.storage.readings import Edition, read_revisions_known, read_subject_cycles
from clocks.storage.rulebooks import Revisions, read_rulebook
from pgstore.connection import Connection
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["Instants", "Story", "keys_of", "load_story", "read_instants", "the_cycle"]

Numbered = tuple[str, str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Instants:
    """When a Subject is looked at, and by what was known when; known None: by all that is known now."""

    at: datetime
    known: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A Subject's log, the rules it is folded by, and what that gives.

    revisions: how often each Cycle had been restated; those that are not named, never.
    """

    events: Sequence[Event]
    rules: RuleRows
    policies: Policies
    state: SubjectState
    counted_on: CountedOn
    revisions: Mapping[Numbered, int]

    def edition(self, key: CycleKey, cycle: Cycle) -> Edition:
        """Give what the state does not hold of a Cycle."""
        revision = self.revisions.get((key.policy_key, key.metric, key.cycle), 0)
        return Edition(self.counted_on.versions[cycle.calendar_key], revision)

    def describe(self, key: CycleKey, cycle: Cycle, *, at: datetime) -> CycleRecord:
        """Read a Cycle at an instant."""
        edition = self.edition(key, cycle)
        return describe(key, cycle, edition, policies=self.policies, counted_on=self.counted_on, at=at)

    def cycles(self) -> Iterator[tuple[CycleKey, Cycle]]:
        """List the Cycles in order of policy, metric and number."""
        for clock in self.state.clocks:
            for cycle in clock.cycles:
                yield CycleKey(self.state.subject_id, clock.policy_key, clock.metric, cycle.number), cycle


def read_instants(at: datetime | None, known_at: datetime | None, *, now: datetime) -> Instants:
    """Read when to look: with no instant, at the one of what was known, or now."""
    known = None if known_at is None else read_instant(known_at, field="known_at")
    if at is None:
        return Instants(at=known or now, known=known)
    return Instants(at=read_instant(at, field="at"), known=known)


async def load_story(
    context: RequestContext,
    subject_id: str,
    known: datetime | None,
    *,
    database: Database,
    rulebooks: Rulebooks,
) -> Story:
    """Load and fold a Subject. Raises SubjectUnknownError where no event had been recorded of it."""
    read_text(subject_id, field="subject_id")
    async with database.transaction(
        context.tenant_id, isolation="repeatable read", read_only=True
    ) as connection:
        seen = await read_rulebook(connection)
        events, rules, revisions = await _read(connection, subject_id, known)
    if not events:
        when = "" if known is None else f" by {known.isoformat()}"
        raise SubjectUnknownError(
            f"subject_id: no event was known of {subject_id!r}{when}", field="subject_id"
        )
    policies = compile_rules(rules)
    state = fold(empty_state(subject_id), events, policies)
    return Story(
        events=events,
        rules=rules,
        policies=policies,
        state=state,
        counted_on=await _counted_on(context, state, known, seen, rulebooks),
        revisions=revisions,
    )


def the_cycle(story: Story, key: CycleKey) -> Cycle:
    """Find a Cycle of a story. Raises CycleUnknownError."""
    cycle = find_cycle(story.state, key)
    if cycle is None:
        raise CycleUnknownError(
            f"cycle: {key.subject_id!r} has no cycle {key.cycle} of {key.metric} under {key.policy_key}",
            field="cycle",
        )
    return cycle


def keys_of(cycle: Cycle) -> frozenset[str]:
    """Name the Calendars on which a Cycle is counted."""
    return frozenset({cycle.calendar_key, *(piece.calendar_key for piece in cycle.stretches)})


async def _read(
    connection: Connection, subject_id: str, known: datetime | None
) -> tuple[Sequence[Event], RuleRows, Mapping[Numbered, int]]:
    if known is not None:
        return (
            await read_events_known(connection, subject_id, known),
            await read_rules(connection, known),
            await read_revisions_known(connection, subject_id, known),
        )
    editions = await read_subject_cycles(connection, subject_id)
    return (
        (await read_events(connection, [subject_id])).get(subject_id, ()),
        await read_rules(connection),
        {key: edition.revision for key, edition in editions.items()},
    )


async def _counted_on(
    context: RequestContext,
    state: SubjectState,
    known: datetime | None,
    seen: Revisions,
    rulebooks: Rulebooks,
) -> CountedOn:
    if known is None:
        return (await rulebooks.at_least(context, seen)).counted_on
    keys = {key for clock in state.clocks for cycle in clock.cycles for key in keys_of(cycle)}
    return await rulebooks.counted_on(context, sorted(keys), known)
