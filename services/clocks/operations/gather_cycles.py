"""Gather Cycles: those that were due or done in a period, and the times of those that stopped in it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
import numpy as np

from businesstime import Interval, Timeline, from_us
from clocks.domain.due import running_pieces, timeline_of
from clocks.domain.exclusion import lay_out
from clocks.domain.measures.attainment import Attainment
from clocks.domain.measures.columns import Int64Array
from clocks.domain.measures.item import NO_INSTANTS, Items
from clocks.domain.measures.refusals import MeasureInvalidError, listed
from clocks.domain.measures.source import CycleTimes
from clocks.domain.refusals import MetricUnknownError, PolicyUnknownError
from clocks.domain.standing import CycleKey
from clocks.operations.describe_cycle import find_cycle
from clocks.operations.gather_ground import Ground
from clocks.operations.load_rulebook import Rulebook
from clocks.storage.measures import StoppedCycles, stopped_cycles
from clocks.storage.promises import Promises, digest_promises, read_promises, tally_promises
from clocks.storage.subjects import decode_state
from pgstore.connection import Connection

__all__ = ["gather_cycle_times", "gather_promises"]

_PORTION = 100_000


async def gather_promises(
    measure: Attainment, period: Interval, ground: Ground, *, each: bool
) -> AsyncIterator[Items]:
    """List the Cycles met or breached in a period, with whether they were met.

    each: one by one, with their Subjects; else as the database counts them.
    """
    start, end, now = from_us(period.start_us), from_us(period.end_us), from_us(ground.now_us)
    for policy_key, metric in _metrics(ground.rulebook, measure, "measure"):
        asked = Promises(policy_key, metric, start, end, now, measure.target)
        counted = read_promises if each else _counted
        async for items in counted(ground.connection, asked):
            yield _labelled(items, policy_key, metric)


async def gather_cycle_times(source: CycleTimes, period: Interval, ground: Ground) -> AsyncIterator[Items]:
    """List the Cycles that stopped in a period, with the time that each took."""
    business = source.time == "business"
    timelines = ground.rulebook.counted_on.timelines
    for policy_key, metric in _metrics(ground.rulebook, source, "measure.of"):
        async for stopped in stopped_cycles(
            ground.connection, policy_key, metric, source.target, period, with_states=business
        ):
            if business:
                took_us = _business_us(stopped, policy_key, metric, timelines)
            else:
                took_us = np.maximum(stopped.stopped_us - stopped.started_us, 0)
            yield _labelled(_times(stopped, took_us), policy_key, metric)


def _metrics(rulebook: Rulebook, meant: Attainment | CycleTimes, path: str) -> Sequence[tuple[str, str]]:
    """List the Metrics meant, of all versions.

    Raises PolicyUnknownError, MetricUnknownError, and MeasureInvalidError for a Target that is none.
    """
    if meant.policy is not None and meant.policy not in rulebook.policies:
        raise PolicyUnknownError(
            f"{path}.policy: there is no policy {meant.policy!r}: {listed(rulebook.policies)}",
            field=f"{path}.policy",
        )
    known = {
        (key, named.name, target.name)
        for key, versions in rulebook.policies.items()
        if meant.policy in {None, key}
        for version in versions
        for named in version.policy.metrics
        for target in named.targets
    }
    found = {told for told in known if meant.metric in {None, told[1]}}
    if meant.metric is not None and not found:
        metrics = listed(metric for _, metric, _ in known)
        raise MetricUnknownError(
            f"{path}.metric: no such policy has a metric {meant.metric!r}: {metrics}", field=f"{path}.metric"
        )
    targets = {target for _, _, target in found}
    if meant.target not in {None, *targets}:
        raise MeasureInvalidError(
            f"no such metric has a target {meant.target!r}: {listed(targets)}", field=f"{path}.target"
        )
    return sorted({(key, metric) for key, metric, _ in found})


async def _counted(connection: Connection, promises: Promises) -> AsyncIterator[Items]:
    """Give as many items as there are Cycles, not whose they are; the first has all evidence."""
    digest = hashlib.sha256()
    await digest_promises(connection, promises, digest.update)
    tallies = await tally_promises(connection, promises)
    digest.update(msgspec.json.encode(tallies))
    evidence = [digest.digest()]
    for target, met, breached in tallies:
        for start in range(0, met + breached, _PORTION):
            kept = np.arange(start, min(start + _PORTION, met + breached)) < met
            yield Items([], NO_INSTANTS, (kept,), evidence, {"target": [target] * len(kept)})
            evidence = []


def _labelled(items: Items, policy_key: str, metric: str) -> Items:
    """Say whose Cycles they are, in their evidence too."""
    rows = len(items.contents[0])
    said = msgspec.json.encode((policy_key, metric))
    labels = {"policy": [policy_key] * rows, "metric": [metric] * rows, **items.labels}
    return items._replace(labels=labels, evidence=[said + each for each in items.evidence])


def _times(stopped: StoppedCycles, took_us: Int64Array) -> Items:
    took = [each.to_bytes(8, "big") for each in took_us.tolist()]
    return Items(
        subjects=stopped.subjects,
        at_us=stopped.stopped_us,
        contents=(took_us, np.zeros(len(took_us), dtype=np.bool_)),
        evidence=[said + each for said, each in zip(stopped.evidence, took, strict=True)],
        labels={"target": stopped.targets},
    )


def _business_us(
    stopped: StoppedCycles, policy_key: str, metric: str, timelines: Mapping[str, Timeline]
) -> Int64Array:
    """Sum up the business time of each Cycle, for many Cycles what `elapsed_at_us` is for one."""
    pieces: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for place, (subject_id, number, state) in enumerate(
        zip(stopped.subjects, stopped.numbers, stopped.states, strict=True)
    ):
        key = CycleKey(subject_id, policy_key, metric, number)
        cycle = None if state is None else find_cycle(decode_state(state), key)
        if cycle is None:
            raise LookupError(f"{key} has stopped, and is not in its Subject's state")
        at_us = int(stopped.stopped_us[place])
        whole = lay_out(cycle) if cycle.exclusions else cycle
        for calendar_key, start_us, end_us in running_pieces(whole, at_us):
            if start_us < at_us:
                pieces[calendar_key].append((place, start_us, min(end_us, at_us)))
    took_us = np.zeros(len(stopped.subjects), dtype=np.int64)
    for calendar_key, rows in pieces.items():
        places, starts, ends = np.array(rows, dtype=np.int64).T
        np.add.at(took_us, places, timeline_of(timelines, calendar_key).arrays.elapsed(starts, ends))
    return took_us
