"""What a caller is told of an error: of unexpected ones, their request's id alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import structlog
from graphql import GraphQLError

from gateway.domain.errors import LimitExceededError
from gateway.schema.failures import refusal_of
from gateway.schema.literals import literal_field, with_member

__all__ = ["format_field_errors", "format_limit", "format_request_errors"]

log = structlog.get_logger(__name__)

VARIABLE_PATH = re.compile(r"^Variable '\$(\w+)' has invalid value(?: at ((?:\.\w+|\[\d+\])+))?")


def format_request_errors(errors: Sequence[GraphQLError], *, code: str) -> list[dict[str, Any]]:
    """Format what is wrong with a document or its variables; nothing was run."""
    return [
        write(
            error,
            error.message,
            code=code,
            kind="invalid",
            field=literal_field(error) or variable_field(error),
        )
        for error in errors
    ]


def variable_field(error: GraphQLError) -> str | None:
    """Return the path of the variable at fault, such as `input.events[3].occurredAt`."""
    match = VARIABLE_PATH.match(error.message)
    return match and with_member(f"{match[1]}{match[2] or ''}", error)


def format_limit(error: LimitExceededError) -> dict[str, Any]:
    """Format the refusal of a document that asks for too much."""
    limits = {"limit": error.limit, "allowed": error.allowed, "found": min(error.found, 10**9)}
    return {"message": str(error), "extensions": {"code": error.code, "kind": error.kind, **limits}}


def format_field_errors(errors: Sequence[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Format what went wrong while running; unexpected errors go to the log, and their request's id out."""
    return [format_field_error(error, request_id) for error in errors]


def format_field_error(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Format one error of one field."""
    refusal = refusal_of(error.original_error) if error.original_error else None
    if refusal is not None:
        return write(error, refusal.message, code=refusal.code, kind=refusal.kind, field=refusal.field)
    log.error("graphql.unexpected_error", path=error.path, exc_info=error.original_error or error)
    message = f"something went wrong here; it is logged under the request id {request_id}"
    return write(error, message, code="internal", kind="internal", request_id=request_id)


def write(
    error: GraphQLError,
    message: str,
    *,
    code: str,
    kind: str,
    field: str | None = None,
    request_id: str | None = None,
) -> dict[str, Any]:
    """Write one entry of the response's `errors`."""
    extensions = {"code": code, "kind": kind, "field": field, "requestId": request_id}
    written: dict[str, Any] = {
        "message": message,
        "extensions": {name: value for name, value in extensions.items() if value is not None},
    }
    if error.locations:
        written["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        written["path"] = error.path
    return written
