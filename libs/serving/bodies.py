"""Request bodies, read no further than a limit, and waited for no longer than one."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from serving.problems import Problem

__all__ = ["MAX_BODY_BYTES", "TOO_LONG", "TOO_SLOW", "body_too_long", "read_body"]

MAX_BODY_BYTES = 16 * 1024 * 1024

TOO_LONG = "body_too_long"
"""The code of a refused body."""

TOO_SLOW = "body_too_slow"
"""The code of a body that did not come: its sender holds room that others wait for."""

PATIENCE_S = 30.0


async def read_body(request: Request, *, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Read the body while it streams in.

    Raises an invalid Problem once it is, or says to be, too long, or where half a minute does not bring it.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit_bytes:
        raise body_too_long(limit_bytes)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _read(request, limit_bytes)
    except TimeoutError:
        raise Problem(
            f"the request's body did not come within {PATIENCE_S:.0f} s", code=TOO_SLOW, kind="invalid"
        ) from None


def body_too_long(limit_bytes: int = MAX_BODY_BYTES) -> Problem:
    """Make the refusal of a body over the limit."""
    return Problem(f"the request's body is over {limit_bytes} bytes", code=TOO_LONG, kind="invalid")


async def _read(request: Request, limit_bytes: int) -> bytes:
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > limit_bytes:
            raise body_too_long(limit_bytes)
        chunks.append(chunk)
    return b"".join(chunks)
