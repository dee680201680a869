"""What becomes of a delivery after an attempt, and of its webhook: all of the patience, as pure functions."""

from __future__ import annotations

import msgspec

from gateway.domain.webhook import DeliveryState

__all__ = ["PATIENCE_S", "Attempt", "Verdict", "hold_s", "judge"]

DELAYS_S = (5, 60, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 50_400, 72_000)
"""After each failed attempt: 5 s, then minutes, then hours; eleven attempts within two and a half days."""

PATIENCE_S = 3 * 86_400
"""How long something may be owed; after that, whatever was tried, it is a dead letter."""

MAX_RETRY_AFTER_S = 3_600
HOLD_FROM = 3
"""So many failures in a row say that the webhook is down, and not that it dislikes a message."""

FIRST_HOLD_S = 5
MAX_HOLD_S = 600

GONE = 410
TOO_MANY = 429
UNAVAILABLE = 503


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """How one attempt went.

    status: of HTTP; None: there was no answer, and `error` says why. retry_after_s: what the answer asks.
    """

    status: int | None
    error: str | None = None
    retry_after_s: int | None = None

    @property
    def succeeded(self) -> bool:
        """Say whether the message was taken: any status of 2xx."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own bounds

    @property
    def gone(self) -> bool:
        """Say whether the receiver asks to be sent nothing any more."""
        return self.status == GONE

    @property
    def blames_receiver(self) -> bool:
        """Say whether the receiver is down or overloaded, so that other messages would not fare better."""
        return self.status is None or self.status >= 500 or self.status == TOO_MANY  # noqa: PLR2004 - HTTP's


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the delivery: its state, and after how many seconds it is tried again."""

    state: DeliveryState
    delay_s: float = 0.0


def judge(attempt: Attempt, *, attempts_before: int, owed_s: float, spread: float = 1.0) -> Verdict:
    """Decide about a delivery that was tried `attempts_before` times before, and is owed for `owed_s`.

    spread: a random factor, so that what failed together is not tried together again.
    """
    if attempt.succeeded:
        return Verdict(state="DELIVERED")
    delay_s = DELAYS_S[attempts_before] * spread if attempts_before < len(DELAYS_S) else None
    if attempt.gone or delay_s is None or owed_s >= PATIENCE_S:
        return Verdict(state="DEAD")
    if attempt.status in {TOO_MANY, UNAVAILABLE} and attempt.retry_after_s:
        delay_s = max(delay_s, min(attempt.retry_after_s, MAX_RETRY_AFTER_S))
    return Verdict(state="PENDING", delay_s=delay_s)


def hold_s(failures: int) -> float:
    """Say for how long a webhook is left alone after so many failures in a row; 0: not at all."""
    if failures < HOLD_FROM:
        return 0.0
    return float(min(FIRST_HOLD_S * 2 ** min(failures - HOLD_FROM, 16), MAX_HOLD_S))
