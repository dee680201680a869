"""Gather Cycles: those that were due or done in a period, and the times of those that stopped in it."""

from __future__ import annotations

from collections.abc import Sequence

from businesstime import Interval, from_us, to_us
from clocks.domain.due import elapsed_at_us
from clocks.domain.measures.attainment import Attainment
from clocks.domain.measures.item import Item
from clocks.domain.measures.source import Amount, CycleTimes
from clocks.domain.refusals import MetricUnknownError, PolicyUnknownError
from clocks.domain.standing import CycleKey
from clocks.operations.describe_cycle import find_cycle
from clocks.operations.gather_ground import Ground, collect
from clocks.operations.load_rulebook import Rulebook
from clocks.storage.measures import StoppedCycle, stopped_cycles
from clocks.storage.readings import CountedCycle, Period, counted_cycles

__all__ = ["gather_cycle_times", "gather_promises"]


async def gather_promises(measure: Attainment, period: Interval, ground: Ground) -> list[Item[bool]]:
    """List the Cycles met or breached in a period, with whether they were met."""
    items: list[Item[bool]] = []
    start, end, now = from_us(period.start_us), from_us(period.end_us), from_us(ground.now_us)
    for policy_key, metric in _metrics(ground.rulebook, measure, "measure"):
        asked = Period(policy_key, metric, start, end, now, measure.target)
        cycles = await collect(counted_cycles(ground.connection, asked))
        items.extend(_promise(policy_key, metric, cycle) for cycle in cycles)
    return items


async def gather_cycle_times(source: CycleTimes, period: Interval, ground: Ground) -> list[Item[Amount]]:
    """List the Cycles that stopped in a period, with the time that each took."""
    items: list[Item[Amount]] = []
    for policy_key, metric in _metrics(ground.rulebook, source, "measure.of"):
        cycles = stopped_cycles(ground.connection, policy_key, metric, source.target, period)
        items.extend([_time(source, policy_key, metric, one, ground) for one in await collect(cycles)])
    return items


def _metrics(rulebook: Rulebook, meant: Attainment | CycleTimes, path: str) -> Sequence[tuple[str, str]]:
    """List the Metrics meant, of all versions. Raises PolicyUnknownError, MetricUnknownError."""
    if meant.policy is not None and meant.policy not in rulebook.policies:
        raise PolicyUnknownError(
            f"{path}.policy: there is no policy {meant.policy!r}", field=f"{path}.policy"
        )
    found = {
        (key, named.name)
        for key, versions in rulebook.policies.items()
        if meant.policy in {None, key}
        for version in versions
        for named in version.policy.metrics
        if meant.metric in {None, named.name}
    }
    if meant.metric is not None and not found:
        raise MetricUnknownError(
            f"{path}.metric: no such policy has a metric {meant.metric!r}", field=f"{path}.metric"
        )
    return sorted(found)


def _promise(policy_key: str, metric: str, cycle: CountedCycle) -> Item[bool]:
    return Item(
        cycle.subject_id,
        to_us(cycle.counted_at),
        cycle.outcome == "MET",
        (policy_key, metric, cycle.cycle, cycle.outcome, cycle.revision),
        {"policy": policy_key, "metric": metric, "target": cycle.target},
    )


def _time(
    source: CycleTimes, policy_key: str, metric: str, stopped: StoppedCycle, ground: Ground
) -> Item[Amount]:
    key = CycleKey(stopped.subject_id, policy_key, metric, stopped.cycle)
    cycle = find_cycle(stopped.state, key)
    if cycle is None:
        raise LookupError(f"{key} has stopped, and is not in its Subject's state")
    at_us = to_us(stopped.stopped_at)
    if source.time == "business":
        took_us = elapsed_at_us(cycle, at_us, ground.rulebook.counted_on.timelines)
    else:
        took_us = max(at_us - cycle.started_at_us, 0)
    return Item(
        stopped.subject_id,
        at_us,
        Amount(took_us),
        (policy_key, metric, stopped.cycle, took_us, stopped.revision),
        {"policy": policy_key, "metric": metric, "target": stopped.target},
    )
