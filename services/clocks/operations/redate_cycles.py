"""Give plain Cycles new due times after their Calendar was amended, thousands at once.

Runs in the caller's transaction, which holds the rulebook. Locks Cycles only, in order of their keys: what it
counts by is on their rows, so ingest may hold their Subjects meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clocks.domain.due import timeline_of
from clocks.domain.recount import Promise, firings_by_rows, warnings_by
from clocks.domain.standing import CycleKey, Notice, Standing, differs, notices, redate_standing
from clocks.operations.load_rulebook import Rulebook
from clocks.storage.cycles import LockedCycles, insert_firings, keep_revisions
from clocks.storage.messages import tell
from clocks.storage.plain_cycles import lock_plain_cycles, redate_cycles
from clocks.storage.refolds import Refold
from pgstore.connection import Connection

__all__ = ["Redated", "redate"]

_MAX_CYCLES = 4_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Redated:
    """A batch: how many Cycles were looked at, and the last one's Subject; None: there are no more."""

    cycles: int
    last_subject_id: str | None


async def redate(connection: Connection, rulebook: Rulebook, work: Refold) -> Redated:
    """Do the next batch of a work on plain Cycles. Raises BusinessTimeError where one cannot be counted."""
    calendar_key = work.calendar_key or ""
    locked = await lock_plain_cycles(
        connection, calendar_key=calendar_key, after_subject_id=work.after_subject_id, limit=_MAX_CYCLES
    )
    if locked.standings:
        after = _count(rulebook, calendar_key, locked)
        await _write(connection, locked.standings, after, work.cause)
    keys = list(locked.standings)
    more = len(keys) >= _MAX_CYCLES
    return Redated(cycles=len(keys), last_subject_id=keys[-1].subject_id if more else None)


def _count(rulebook: Rulebook, calendar_key: str, locked: LockedCycles) -> Mapping[CycleKey, Standing]:
    standings = locked.standings
    version = rulebook.counted_on.versions[calendar_key]
    firings = firings_by_rows(
        [standing.spans or () for standing in standings.values()],
        [standing.target_us for standing in standings.values()],
        [
            Promise(key.policy_key, standing.policy_version, key.metric, standing.target)
            for key, standing in standings.items()
        ],
        warnings_by(rulebook.policies),
        timeline_of(rulebook.counted_on.timelines, calendar_key),
    )
    counted = {}
    for (key, before), fires in zip(standings.items(), firings, strict=True):
        after = redate_standing(before, fires, calendar_version=version, now_us=locked.at_us)
        if after != before:
            counted[key] = after
    return counted


async def _write(
    connection: Connection,
    before: Mapping[CycleKey, Standing],
    after: Mapping[CycleKey, Standing],
    cause: str,
) -> None:
    if not after:
        return
    changed = {key: standing for key, standing in after.items() if differs(before[key], standing)}
    if changed:
        await keep_revisions(connection, changed, cause=cause)
    version = next(iter(after.values())).calendar_version
    await redate_cycles(connection, after, changed=changed, calendar_version=version)
    said: list[Notice] = []
    for key, standing in changed.items():
        if before[key].breached_at_us != standing.breached_at_us:
            said += [each for each in notices(key, before[key], standing) if each.type != "cycle.changed"]
    await insert_firings(connection, said)
    await tell(connection, said)
