"""Advice on policies: what is saved, and has no effect."""

from __future__ import annotations

import pytest

from clocks.domain.policy_advice import advise
from clocks.domain.policy_document import parse_policy
from tests.services.clocks.domain.promises import policy_document

URGENT = {"name": "urgent", "when": "subject.priority == 'high'", "duration": "4h"}
REST = {"name": "rest", "duration": "8h"}

SECOND = "metrics.work.targets[1].when"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"targets": [URGENT, REST]}, []),
        ({"targets": [REST, URGENT]}, [(SECOND, "is never asked: target 'rest' before it always holds")]),
        (
            {"targets": [{**REST, "when": "(1 < 2)"}, URGENT]},
            [(SECOND, "is never asked: target 'rest' before it always holds")],
        ),
        (
            {"targets": [URGENT, {**URGENT, "name": "again"}, REST]},
            [(SECOND, "is never asked: target 'urgent' before it has the same condition")],
        ),
        ({"targets": [{**REST, "when": False}]}, [("metrics.work.targets[0].when", "never holds")]),
        ({"start": "false"}, [("metrics.work.start", "never holds: no Cycle opens")]),
        ({"stop": "false", "pause": "false", "cancel": "false"}, []),
    ],
)
def test_what_can_never_be_is_told(changes: dict[str, object], told: list[tuple[str, str]]) -> None:
    """A Target behind one that always holds, or by another's condition; one, or a start, that never holds."""
    advice = advise(parse_policy(policy_document(**changes)))
    assert [(each.field, each.message.partition("; ")[0]) for each in advice] == [
        (field, f"{field}: {reason}") for field, reason in told
    ]


def test_a_policy_that_covers_nothing_is_told() -> None:
    """A condition that reads nothing is known without an event; one that reads something is left alone."""
    (advice,) = advise(parse_policy(policy_document() | {"covers": "1 > 2"}))
    assert (advice.code, advice.field) == ("condition_never_holds", "covers")
    assert advise(parse_policy(policy_document() | {"covers": "subject.id == ''"})) == ()
