"""Advice: what a policy document says that is no fault, and has no effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from clocks.domain.condition import Condition, Facts
from clocks.domain.event import Event
from clocks.domain.policy import Policy, Target

__all__ = ["Advice", "advise"]


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a document that has no effect.

    code: for programs; stable. field: its path. message: a sentence for people, which begins with the field.
    """

    code: str
    field: str
    message: str

    def within(self, place: str) -> Advice:
        """Put the path of the document before field and message."""
        return Advice(code=self.code, field=f"{place}.{self.field}", message=f"{place}.{self.message}")


def advise(policy: Policy) -> tuple[Advice, ...]:
    """Advise on a policy: Targets that are never chosen, and conditions that no event can make true.

    None of it is refused: a Target that no condition chooses can be set by hand.
    """
    return tuple(_advise(policy))


def _advise(policy: Policy) -> Iterator[Advice]:
    if constant(policy.covers) is False:
        yield _advice("condition_never_holds", "covers", "never holds: the policy covers no Subject")
    for metric in policy.metrics:
        place = f"metrics.{metric.name}"
        if constant(metric.start) is False:
            yield _advice("condition_never_holds", f"{place}.start", "never holds: no Cycle opens")
        for index, target in enumerate(metric.targets):
            reason = _never_chosen(target, metric.targets[:index])
            if reason is not None:
                yield _advice("target_unreachable", f"{place}.targets[{index}].when", reason)


def constant(condition: Condition) -> bool | None:
    """Tell what a condition that reads nothing always says; None for one that reads something."""
    return condition.evaluate(_NOTHING) if condition.reads == () else None


def _never_chosen(target: Target, before: Sequence[Target]) -> str | None:
    for earlier in before:
        if constant(earlier.when):
            return f"is never asked: target {earlier.name!r} before it always holds; {_BY_HAND}"
        if earlier.when == target.when:
            return f"is never asked: target {earlier.name!r} before it has the same condition; {_BY_HAND}"
    if constant(target.when) is False:
        return f"never holds; {_BY_HAND}"
    return None


def _advice(code: str, field: str, reason: str) -> Advice:
    return Advice(code=code, field=field, message=f"{field}: {reason}")


_BY_HAND = "the target can only be set by hand"
_NOTHING = Facts(Event(event_id="", subject_id="", type="", occurred_at_us=0), {}, {})
