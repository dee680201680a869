"""What becomes of a delivery after each kind of answer, as tables."""

from __future__ import annotations

import pytest

from gateway.domain.retry import DELAYS_S, PATIENCE_S, Attempt, Verdict, hold_s, judge


def answered(status: int, retry_after_s: int | None = None) -> Attempt:
    """Make an attempt that was answered."""
    return Attempt(status=status, retry_after_s=retry_after_s)


SILENT = Attempt(status=None, error="no answer")
DAY_S = 86_400

VERDICTS = [
    (answered(200), 0, 0, Verdict(state="DELIVERED")),
    (answered(204), 99, 9 * DAY_S, Verdict(state="DELIVERED")),
    (answered(301), 0, 0, Verdict(state="PENDING", delay_s=5)),
    (answered(400), 0, 0, Verdict(state="PENDING", delay_s=5)),
    (answered(500), 1, 0, Verdict(state="PENDING", delay_s=60)),
    (SILENT, 2, 0, Verdict(state="PENDING", delay_s=300)),
    (answered(410), 0, 0, Verdict(state="DEAD")),
    (SILENT, len(DELAYS_S) - 1, 0, Verdict(state="PENDING", delay_s=72_000)),
    (SILENT, len(DELAYS_S), 0, Verdict(state="DEAD")),
    (SILENT, 0, PATIENCE_S - 1, Verdict(state="PENDING", delay_s=5)),
    (SILENT, 0, PATIENCE_S, Verdict(state="DEAD")),
    (answered(429, 40), 0, 0, Verdict(state="PENDING", delay_s=40)),
    (answered(503, 40), 2, 0, Verdict(state="PENDING", delay_s=300)),
    (answered(503, 10**6), 0, 0, Verdict(state="PENDING", delay_s=3_600)),
    (answered(500, 40), 0, 0, Verdict(state="PENDING", delay_s=5)),
]


@pytest.mark.parametrize(("attempt", "before", "owed_s", "verdict"), VERDICTS, ids=range(len(VERDICTS)))
def test_verdict(attempt: Attempt, before: int, owed_s: float, verdict: Verdict) -> None:
    """Each answer, after so many attempts and so long, has one verdict."""
    assert judge(attempt, attempts_before=before, owed_s=owed_s) == verdict


def test_all_attempts_fit_into_patience() -> None:
    """The last attempt comes before patience ends, however the delays are spread."""
    assert sum(DELAYS_S) * 1.1 < PATIENCE_S
    assert list(DELAYS_S) == sorted(DELAYS_S)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (2, 0), (3, 5), (4, 10), (5, 20), (9, 320), (10, 600), (10**9, 600)]
)
def test_hold(failures: int, seconds: float) -> None:
    """A webhook is left alone from the third failure in a row, longer each time, up to ten minutes."""
    assert hold_s(failures) == seconds


@pytest.mark.parametrize(
    ("attempt", "blames"),
    [
        (SILENT, True),
        (answered(500), True),
        (answered(503), True),
        (answered(429), True),
        (answered(400), False),
        (answered(307), False),
        (answered(410), False),
        (answered(200), False),
    ],
)
def test_blame(attempt: Attempt, blames: bool) -> None:  # noqa: FBT001 - a column of the table
    """Only silence, a fault or overload says that other messages would not fare better."""
    assert attempt.blames_receiver is blames
