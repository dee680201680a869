"""Idempotency: a mutation asked twice under one key has one effect and one answer."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from pgstore.blocks import load_blocks
from pgstore.connection import Connection
from pgstore.errors import IdempotencyConflictError

__all__ = ["hash_request", "once", "recall", "remember"]

_SQL = load_blocks("pgstore", "idempotency.sql")

Answer = TypeVar("Answer")


def hash_request(request: Any) -> bytes:
    """Hash a request (a msgspec struct or plain data) to 32 bytes; equal content, equal hash."""
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()


async def once(
    connection: Connection,
    *,
    key: str | None,
    operation: str,
    request: Any,
    answer_type: type[Answer],
    effect: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Have the effect and keep its answer, or give the answer kept under the key; without a key, just do it.

    In the transaction of the effect: what is rolled back was not answered. Raises IdempotencyConflictError.
    """
    if key is None:
        return await effect()
    request_hash = hash_request(request)
    kept = await recall(connection, key=key, operation=operation, request_hash=request_hash)
    if kept is not None:
        return msgspec.json.decode(kept, type=answer_type)
    answer = await effect()
    await remember(connection, key=key, operation=operation, answer=msgspec.json.encode(answer))
    return answer


async def recall(connection: Connection, *, key: str, operation: str, request_hash: bytes) -> bytes | None:
    """Read the answer kept under a key, or claim it and return None: then have the effect and `remember`.

    While another transaction has the key claimed, this waits for it. Raises IdempotencyConflictError if the
    key was used for another request of the operation.
    """
    if await connection.fetchval(_SQL["claim"], operation, key, request_hash):
        return None
    row = await connection.fetchrow(_SQL["read"], operation, key)
    if row is None or row["request_hash"] != request_hash:
        raise IdempotencyConflictError(
            "the idempotency key was used for another request: send that one again, or take another key",
            field="idempotencyKey",
        )
    answer: bytes | None = row["answer"]
    return answer


async def remember(connection: Connection, *, key: str, operation: str, answer: bytes) -> None:
    """Keep the answer under the key that `recall` has claimed in this transaction."""
    await connection.execute(_SQL["answer"], operation, key, answer)
