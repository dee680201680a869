"""Request bodies, read no further than a limit."""

from __future__ import annotations

from starlette.requests import Request

from serving.problems import Problem

__all__ = ["MAX_BODY_BYTES", "TOO_LONG", "body_too_long", "read_body"]

MAX_BODY_BYTES = 16 * 1024 * 1024

TOO_LONG = "body_too_long"
"""The code of a refused body."""


async def read_body(request: Request, *, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Read the body while it streams in; raises an invalid Problem once it is, or says to be, too long."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limit_bytes:
        raise body_too_long(limit_bytes)
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > limit_bytes:
            raise body_too_long(limit_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def body_too_long(limit_bytes: int = MAX_BODY_BYTES) -> Problem:
    """Make the refusal of a body over the limit."""
    return Problem(f"the request's body is over {limit_bytes} bytes", code=TOO_LONG, kind="invalid")
