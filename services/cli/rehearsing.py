"""Backtests on a server's own events: driven page by page, with what they would have cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cli.errors import OptionError, in_options
from cli.graphql import GatewayClient, GatewayRefusalError

__all__ = ["PAGE", "Flip", "Money", "Question", "Rehearsal", "rehearse"]

PAGE = 1_000

_BACKTEST = """query ($policyKey: String!, $document: JSONObject, $calendar: ProposedCalendarInput,
  $start: DateTime, $end: DateTime, $at: DateTime, $subjects: Int!, $after: String) {
  backtest(policyKey: $policyKey, document: $document, calendar: $calendar, start: $start, end: $end, at: $at,
           subjects: $subjects, after: $after) {
    at subjects events totalSubjects cursor
    before { metric target met breached pending cancelled }
    after { metric target met breached pending cancelled }
    flips { subjectId metric cycle targetBefore targetAfter outcomeBefore outcomeAfter dueBefore dueAfter }
    advice { message }
  }
}"""
_ASSESSMENT = """query ($key: String!, $period: String!, $attained: [AttainedTargetInput!]) {
  assessment(agreementKey: $key, period: $period, attained: $attained) {
    startsAt endsAt currency amountMinor
  }
}"""
_OPTIONS = {
    "policyKey": "--policy",
    "calendar.key": "--calendar",
    "agreementKey": "--agreement",
    "period": "--period",
}
_COUNTED = ("met", "breached", "pending", "cancelled")


class Flip(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A Cycle with another outcome than what happened; None: there is no such Cycle."""

    subject_id: str
    metric: str
    cycle: int
    target_before: str | None
    target_after: str | None
    outcome_before: str | None
    outcome_after: str | None
    due_before: str | None
    due_after: str | None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried: a policy document or a Calendar, against the Policy `policy_key`.

    agreement_key, period: whose money is computed; the period then bounds what counts.
    """

    policy_key: str
    document: Mapping[str, Any] | None = None
    calendar: Mapping[str, Any] | None = None
    agreement_key: str | None = None
    period: str | None = None
    page: int = PAGE


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What a period costs as it stands, and what it would cost, in minor units of the currency."""

    currency: str
    before_minor: int
    after_minor: int


@dataclass(kw_only=True)
class Rehearsal:
    """How far a backtest has come. done: whether it has seen all Subjects.

    before, after: counts by (metric, target, what). advice: what in the question has no effect.
    """

    subjects: int = 0
    events: int = 0
    total: int = 0
    at: str | None = None
    before: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    after: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    flips: int = 0
    money: Money | None = None
    done: bool = False
    advice: tuple[str, ...] = ()

    def add(self, page: Mapping[str, Any]) -> tuple[Flip, ...]:
        """Add a page; give its flips, which are not kept."""
        self.at = page["at"]
        self.subjects += page["subjects"]
        self.events += page["events"]
        self.total = max(page["totalSubjects"] or self.total, self.subjects)
        for side, counts in ((page["before"], self.before), (page["after"], self.after)):
            for each in side:
                for name in _COUNTED:
                    counts[each["metric"], each["target"], name] += each[name]
        flips = msgspec.convert(page["flips"], tuple[Flip, ...])
        self.flips += len(flips)
        self.done = page["cursor"] is None
        self.advice += tuple(in_options(each["message"], _OPTIONS) for each in page["advice"])
        return flips


async def rehearse(
    client: GatewayClient, question: Question, rehearsal: Rehearsal
) -> AsyncIterator[tuple[Flip, ...]]:
    """Drive a backtest into `rehearsal`, page by page; yields each page's flips. To cancel, stop iterating.

    Raises what the gateway refuses, and OptionError for an agreement without a period or a period alone.
    """
    if (question.agreement_key is None) != (question.period is None):
        raise OptionError("--agreement and --period go together", field="--agreement")
    stands = await assess(client, question, None)
    asked = {
        "policyKey": question.policy_key,
        "document": question.document,
        "calendar": question.calendar,
        "start": stands and stands["startsAt"],
        "end": stands and stands["endsAt"],
        "subjects": question.page,
    }
    after = None
    while not rehearsal.done:
        variables = {**asked, "at": rehearsal.at, "after": after}
        page = (await _ask(client, _BACKTEST, variables))["backtest"]
        yield rehearsal.add(page)
        after = page["cursor"]
    if stands is not None:
        would = await assess(client, question, attained(question, rehearsal)) or stands
        rehearsal.money = Money(
            currency=stands["currency"], before_minor=stands["amountMinor"], after_minor=would["amountMinor"]
        )


async def assess(
    client: GatewayClient, question: Question, attained: list[dict[str, Any]] | None
) -> dict[str, Any] | None:
    """Ask what the agreement's period costs, by counts that are given or as measured; None without one."""
    if question.agreement_key is None:
        return None
    variables = {"key": question.agreement_key, "period": question.period, "attained": attained}
    answer: dict[str, Any] = (await _ask(client, _ASSESSMENT, variables))["assessment"]
    return answer


def attained(question: Question, rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """Write what would have been attained, for the agreement; at least that there would be nothing."""
    targets = sorted({(metric, target) for metric, target, _ in rehearsal.after}) or [("", "")]
    return [
        {
            "policyKey": question.policy_key,
            "metric": metric,
            "target": target,
            "met": rehearsal.after[metric, target, "met"],
            "breached": rehearsal.after[metric, target, "breached"],
        }
        for metric, target in targets
    ]


async def _ask(client: GatewayClient, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Ask, patiently. Raises GatewayRefusalError, which names the option at fault."""
    try:
        return await client.ask(query, variables, patient=True)
    except GatewayRefusalError as error:
        said = in_options(str(error), _OPTIONS)
        raise GatewayRefusalError(said, code=error.code, kind=error.kind, field=error.field) from error
