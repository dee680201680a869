"""Policies: which Subjects are promised what; values that `policy_document` parses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import msgspec

from clocks.domain.condition import Condition, Facts
from clocks.domain.errors import DefaultCalendarMissingError
from clocks.domain.instant import read_date, read_instant_us
from clocks.domain.term import Term

__all__ = [
    "CalendarChoice",
    "CalendarRule",
    "CalendarRules",
    "Metric",
    "Policy",
    "PolicyVersion",
    "Reopen",
    "Retarget",
    "Rules",
    "Target",
    "TermRule",
    "Verdict",
    "WarningRule",
    "version_in_force",
]

Reopen = Literal["resume", "new", "ignore"]
Retarget = Literal["RECOUNT", "CARRY"]
CalendarRule = Literal["target", "attribute", "default", "tenant_default"]
MAX_REMEMBERED = 4_096


class WarningRule(msgspec.Struct, frozen=True, array_like=True):
    """A notice before due: `label` as written ("75%", "30m", "1bd").

    share_ppm, before_us, before_days: which one of these it was. elapsed_us: the business time at which it
    comes under a Target in hours; 0 where the Target has a term, whose worth is not known beforehand.
    """

    label: str
    elapsed_us: int
    share_ppm: int = 0
    before_us: int = 0
    before_days: int = 0

    def reached_at_us(self, target_us: int) -> int:
        """Tell at which business time it comes where the Target holds so much; a share is rounded up."""
        if self.share_ppm:
            return -(-target_us * self.share_ppm // 1_000_000)
        return target_us - self.before_us

    def of(self, target_us: int) -> WarningRule:
        """Put it under a Target in hours."""
        return WarningRule(
            self.label, self.reached_at_us(target_us), self.share_ppm, self.before_us, self.before_days
        )


class TermRule(msgspec.Struct, frozen=True, array_like=True):
    """How a Target's term is found: by a count of business days, or in an attribute of the Subject."""

    kind: Literal["days", "day_end", "attribute"]
    count: int = 0
    attribute: str = ""

    def term(self, subject: Mapping[str, Any]) -> Term | None:
        """Find the term; None where the attribute holds neither an instant nor a date."""
        if self.kind != "attribute":
            return Term(self.kind, self.count)
        day = read_date(subject, self.attribute)
        if day is not None:
            return Term("date", day.toordinal())
        instant_us = read_instant_us(subject, self.attribute)
        return None if instant_us is None else Term("instant", instant_us)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """For which Subjects (`when`), how long, and what to say before.

    duration_us: business time; 0 where the Target has a term instead.
    calendar_key: names the Calendar; None leaves the choice to the policy's rules.
    warnings: by elapsed time, earliest first.
    """

    name: str
    when: Condition
    duration_us: int
    warnings: tuple[WarningRule, ...] = ()
    calendar_key: str | None = None
    term: TermRule | None = None


class CalendarChoice(NamedTuple):
    """A Calendar's key, and which rule chose it."""

    key: str
    rule: CalendarRule


class CalendarRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which Calendar counts, where the Target names none: by an attribute's value, else the default.

    default: None: the tenant's, which `default_calendar` puts here before anything is folded, with its
    default_rule.
    """

    default: str | None = None
    attribute: str | None = None
    mapping: Mapping[str, str] = {}
    default_rule: CalendarRule = "default"

    def choose(self, target: Target, subject: Mapping[str, Any]) -> CalendarChoice:
        """Choose by Target, attribute, default, in that order. Raises DefaultCalendarMissingError."""
        if target.calendar_key is not None:
            return CalendarChoice(target.calendar_key, "target")
        if self.attribute is not None:
            value = subject.get(self.attribute)
            if isinstance(value, str) and value in self.mapping:
                return CalendarChoice(self.mapping[value], "attribute")
        if self.default is None:
            raise DefaultCalendarMissingError("is missing", field="calendars.default")
        return CalendarChoice(self.default, self.default_rule)


class Verdict(NamedTuple):
    """What a Metric's conditions say of one event; `target` is the first whose `when` holds."""

    start: bool
    pause: bool
    stop: bool
    cancel: bool
    target: Target | None


class Metric(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What is timed, and how: the conditions on events, and the Targets in order of choice.

    starts_at: the Subject's attribute that holds the starting point as an RFC 3339 string; None: the event.
    from_creation: the starting point is the Subject's first event.
    repeats: each start after a stop opens a new Cycle. chained: so does the stop, if `start` holds too.
    reopen: without repeats, what a start after a stop does.
    """

    name: str
    start: Condition
    stop: Condition
    targets: tuple[Target, ...]
    starts_at: str | None = None
    from_creation: bool = False
    pause: Condition | None = None
    cancel: Condition | None = None
    repeats: bool = False
    chained: bool = False
    reopen: Reopen = "resume"
    retarget: Retarget = "RECOUNT"

    def target(self, name: str) -> Target:
        """Find a Target by name. Raises LookupError."""
        found = next((target for target in self.targets if target.name == name), None)
        if found is None:
            raise LookupError(f"metric {self.name} has no target {name}")
        return found

    @property
    def resumable(self) -> bool:
        """Whether a stopped Cycle may run again."""
        return self.reopen == "resume" and not self.repeats

    @property
    def opens_anew(self) -> bool:
        """Whether a start after a stop opens a new Cycle."""
        return self.repeats or self.reopen == "new"

    def judge(self, facts: Facts) -> Verdict:
        """Evaluate every condition; remembered where the values that were read prove the answer."""
        key = None if self._reads is None else facts.values(self._reads)
        if key is None:
            return self._evaluate(facts)
        verdict = self._remembered.get(key)
        if verdict is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            verdict = self._remembered[key] = self._evaluate(facts)
        return verdict

    def _evaluate(self, facts: Facts) -> Verdict:
        return Verdict(
            start=self.start.holds(facts),
            pause=self.pause is not None and self.pause.holds(facts),
            stop=self.stop.holds(facts),
            cancel=self.cancel is not None and self.cancel.holds(facts),
            target=next((target for target in self.targets if target.when.holds(facts)), None),
        )

    @property
    def conditions(self) -> Iterator[Condition]:
        """Every condition."""
        yield from (self.start, self.stop, *(target.when for target in self.targets))
        yield from (condition for condition in (self.pause, self.cancel) if condition is not None)

    @cached_property
    def _reads(self) -> tuple[tuple[str, str], ...] | None:
        reads: set[tuple[str, str]] = set()
        for condition in self.conditions:
            if condition.reads is None:
                return None
            reads.update(condition.reads)
        return tuple(sorted(reads))

    @cached_property
    def _remembered(self) -> dict[tuple[Any, ...], Verdict]:
        return {}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Which Subjects are covered, which Calendars count, and the Metrics in order of name.

    filterable: the Subject's attributes by which lists can be narrowed.
    """

    name: str
    covers: Condition
    calendars: CalendarRules
    metrics: tuple[Metric, ...]
    filterable: tuple[str, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """Find a Metric by name."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    @property
    def reads(self) -> frozenset[str] | None:
        """The attributes that anything in this policy could depend on; None where that is not certain."""
        named = {self.calendars.attribute, *(metric.starts_at for metric in self.metrics)}
        named.update(
            target.term.attribute or None
            for metric in self.metrics
            for target in metric.targets
            if target.term is not None
        )
        for condition in self.conditions:
            if condition.reads is None:
                return None
            named.update(name for root, name in condition.reads if root != "event")
        return frozenset(name for name in named if name is not None)

    @property
    def conditions(self) -> Iterator[Condition]:
        """Every condition."""
        yield self.covers
        for metric in self.metrics:
            yield from metric.conditions

    @property
    def calendar_keys(self) -> frozenset[str]:
        """Every Calendar that a Cycle of this policy could be counted on."""
        targets = [target for metric in self.metrics for target in metric.targets]
        named = [target.calendar_key for target in targets if target.calendar_key is not None]
        default = [] if self.calendars.default is None else [self.calendars.default]
        return frozenset({*default, *self.calendars.mapping.values(), *named})


class Rules(NamedTuple):
    """What governs a Cycle: a version of a Policy, a Metric of it, and a version of the tenant's default."""

    version: int
    policy: Policy
    metric: Metric
    default_version: int


class PolicyVersion(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A Policy as it holds from an instant on.

    effective_from_us: Cycles opened by an event at or after it are governed by this version; None: always.
    default_version: of the tenant's default Calendar, where the document names none itself; else 0.
    """

    policy_key: str
    version: int
    policy: Policy
    effective_from_us: int | None = None
    default_version: int = 0

    @cached_property
    def rules(self) -> Mapping[str, Rules]:
        """The rules of each Metric, by its name."""
        return {
            metric.name: Rules(self.version, self.policy, metric, self.default_version)
            for metric in self.policy.metrics
        }


class Dated(Protocol):
    """A version that holds from an instant on; None: always."""

    @property
    def version(self) -> int:
        """Its number."""
        ...

    @property
    def effective_from_us(self) -> int | None:
        """The instant."""
        ...


V = TypeVar("V", bound=Dated)


def version_in_force(versions: Sequence[V], at_us: int) -> V | None:
    """Find the version that took effect last, at or before an instant; of two at once, the higher number."""
    taken = [v for v in versions if v.effective_from_us is None or v.effective_from_us <= at_us]
    return max(
        taken,
        key=lambda v: (v.effective_from_us is not None, v.effective_from_us or 0, v.version),
        default=None,
    )
