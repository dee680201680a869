"""Why a Metric does not count, though its start held."""

from __future__ import annotations

import pytest

from clocks.domain.event import Event
from clocks.domain.uncounted import find_uncounted
from tests.services.clocks.domain.promises import event, policy_document, versions

PROMISED = {"name": "promised", "when": "subject.sort == 'order'", "until": {"attribute": "promised_at"}}
URGENT = {"name": "urgent", "when": "subject.priority == 'high'", "duration": "4h"}
CLOCK = ("p", "work")

START = event(1, "start", sort="order", promised_at="soon")
Missed = tuple[str, str, str | None, object] | None


@pytest.mark.parametrize(
    ("log", "changes", "missed"),
    [
        ([START], {}, ("start@1", "term_unreadable", "promised_at", "soon")),
        ([event(1, "start", sort="order")], {}, ("start@1", "term_unreadable", "promised_at", None)),
        ([event(1, "start")], {}, ("start@1", "target_missing", None, None)),
        ([event(1, "begin", sort="order")], {}, None),
        ([event(1, "start cancel", sort="order")], {}, None),
        ([START, event(2, "note")], {}, ("start@1", "term_unreadable", "promised_at", "soon")),
        ([START, event(2, "start", promised_at="2026-06-05")], {}, None),
        ([event(1, "start", priority="high"), event(2, "start", priority="low")], {}, None),
        (
            [event(1, "start", priority="high"), event(2, "stop"), event(3, "start", priority="low")],
            {"repeats": True},
            ("start@3", "target_missing", None, None),
        ),
        (
            [event(1, "start", priority="high"), event(2, "stop"), event(3, "start", priority="low")],
            {"reopen": "ignore"},
            None,
        ),
        (
            [event(1, "start", priority="high"), event(2, "start stop", priority="low")],
            {"repeats": "chained"},
            ("start stop@2", "target_missing", None, None),
        ),
        (
            [
                event(1, "start", priority="high"),
                event(2, "clock.stop", reason="no"),
                event(3, "start", priority="low"),
            ],
            {"reopen": "new"},
            None,
        ),
    ],
)
def test_the_last_event_that_opened_nothing_is_found(
    log: list[Event], changes: dict[str, object], missed: Missed
) -> None:
    """Where a Cycle could have opened, and a Target or its term was wanting; until one opens after all."""
    policies = versions(policy_document(targets=[URGENT, PROMISED], **changes))
    found = find_uncounted("s", list(reversed(log)), policies)
    seen = {key: (each.event.event_id, each.why, each.attribute, each.value) for key, each in found.items()}
    assert seen == ({} if missed is None else {CLOCK: missed})


def test_a_subject_that_is_not_covered_lacks_nothing() -> None:
    """A policy that does not cover it promises it nothing."""
    document = policy_document(targets=[URGENT]) | {"covers": "subject.sort == 'ticket'"}
    assert find_uncounted("s", [START], versions(document)) == {}
