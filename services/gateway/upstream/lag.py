"""How long messages take to those outside: the measure of the promise to be in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from prometheus_client import Histogram

from gateway.domain.message import Message, due_at_of

__all__ = ["observe_lag"]

LAG = Histogram(
    "gateway_delivery_lag_seconds",
    "From when a message became true (a threshold's own time, or its commit) until it was delivered",
    ("outlet",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600, 3600, 86_400),
)


def observe_lag(outlet: str, messages: Iterable[Message], now: datetime) -> None:
    """Note that messages were delivered; outlet: streams, webhooks or subscriptions."""
    measured = LAG.labels(outlet)
    for message in messages:
        measured.observe(max((now - due_at_of(message)) / timedelta(seconds=1), 0.0))
