"""Send a webhook what it is owed: claimed as a whole, so that a slow one keeps nobody else waiting.

A worker leases a webhook, sends it a batch, writes how it went, and lets go, each in a short transaction of
its own and none while it sends. A worker that dies lets go when the lease ends; what it had sent comes again,
under the same id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from standardwebhooks import Webhook as Signer

from gateway.domain.errors import SecretSealedError
from gateway.domain.message import write_cloud_event
from gateway.domain.retry import Attempt, hold_s, judge
from gateway.domain.sealing import Seal
from gateway.storage import deliveries, webhooks
from gateway.storage.deliveries import Outcome, Owed
from gateway.storage.webhooks import Lease, Target
from pgstore.database import Database

__all__ = ["Post", "Sending", "claim_webhooks", "serve_webhook"]

BATCH = 100
SENDING_S = 45
"""No attempt begins later than this after the first; the last one's end is well within the lease."""

LEASE = timedelta(seconds=120)
OF_TENANT = 32
"""How many webhooks of one tenant are sent to at once, by all workers together."""

SPREAD = (0.9, 1.1)
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
GONE = "the receiver answered 410: it wants nothing any more"

Post = Callable[[str, dict[str, str], bytes], Awaitable[Attempt]]
"""Takes URL, headers and body; says how it went, and raises nothing."""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """What sending needs: the key of secrets, a way out, the time of signatures, a clock for patience."""

    seal: Seal
    post: Post
    now: Callable[[], datetime]
    monotonic: Callable[[], float]


async def claim_webhooks(database: Database, *, limit: int) -> list[Lease]:
    """Lease at most so many webhooks of all tenants that are owed something now."""
    async with database.connection() as connection:
        return await webhooks.claim_webhooks(connection, limit=limit, lease=LEASE, of_tenant=OF_TENANT)


async def serve_webhook(database: Database, lease: Lease, sending: Sending) -> list[Outcome]:
    """Send a leased webhook a batch and end the lease; returns how the attempts went.

    When cancelled, what was done until then is written before the cancellation goes on.
    """
    async with database.transaction(lease.tenant_id, read_only=True) as connection:
        target = await webhooks.read_leased(connection, lease)
        owed = (
            []
            if target is None
            else await deliveries.read_due(connection, lease.tenant_id, lease.webhook_id, limit=BATCH)
        )
    if target is None:
        return []
    outcomes: list[Outcome] = []
    try:
        await _send_all(lease, target, owed, sending, outcomes)
    finally:
        await _settle(database, lease, target, outcomes)
    return outcomes


async def _send_all(
    lease: Lease, target: Target, owed: Sequence[Owed], sending: Sending, outcomes: list[Outcome]
) -> None:
    """Send in order, so many at once; stop beginning once the receiver proves to be down, or time is up."""
    try:
        signers = _signers(lease, target, sending.seal)
    except SecretSealedError as error:
        outcomes.extend(_outcome(it, Attempt(status=None, error=str(error))) for it in owed[:1])
        return
    waiting, began_s, stop = iter(owed), sending.monotonic(), asyncio.Event()

    async def send_next() -> None:
        while not stop.is_set() and (it := next(waiting, None)) is not None:
            attempt = await _send(target.url, it, signers, sending)
            outcomes.append(_outcome(it, attempt))
            late = sending.monotonic() - began_s > SENDING_S
            if late or attempt.gone or attempt.blames_receiver:
                stop.set()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_lanes(target)):
            tasks.create_task(send_next())


def _lanes(target: Target) -> int:
    """Say how many requests to have under way: one to find out, where the last one failed."""
    return 1 if target.failures else target.max_in_flight


def _signers(lease: Lease, target: Target, seal: Seal) -> list[Signer]:
    secrets = [target.secret, *([target.previous_secret] if target.previous_secret else [])]
    return [Signer(seal.open(secret, lease.webhook_id)) for secret in secrets]


async def _send(url: str, owed: Owed, signers: Sequence[Signer], sending: Sending) -> Attempt:
    """Send one message, signed as Standard Webhooks says: by each secret that is valid now."""
    body, now, message_id = write_cloud_event(owed.message), sending.now(), str(owed.message.message_id)
    headers = {
        "content-type": CONTENT_TYPE,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(it.sign(message_id, now, body.decode()) for it in signers),
    }
    return await sending.post(url, headers, body)


def _outcome(owed: Owed, attempt: Attempt) -> Outcome:
    spread = random.uniform(*SPREAD)  # noqa: S311 - spreads load, guards nothing
    verdict = judge(attempt, attempts_before=owed.attempts, owed_s=owed.owed_s, spread=spread)
    return Outcome(owed=owed, attempt=attempt, verdict=verdict)


async def _settle(database: Database, lease: Lease, target: Target, outcomes: Sequence[Outcome]) -> None:
    """Write how it went and end the lease; a lease that was lost meanwhile is another's to end."""
    failures = _failures(target.failures, outcomes)
    gone = any(outcome.attempt.gone for outcome in outcomes)
    async with database.transaction(lease.tenant_id) as connection:
        holds = await webhooks.lock_leased(connection, lease)
        await deliveries.record_outcomes(connection, lease.tenant_id, lease.webhook_id, outcomes)
        if holds:
            await webhooks.release_webhook(
                connection,
                lease,
                failures=failures,
                hold_s=hold_s(failures),
                disabled_reason=GONE if gone else None,
            )


def _failures(before: int, outcomes: Sequence[Outcome]) -> int:
    """Count the batches in a row of which all that was said speaks against the receiver."""
    if not outcomes:
        return before
    return before + 1 if all(outcome.attempt.blames_receiver for outcome in outcomes) else 0
