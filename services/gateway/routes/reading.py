"""Reads a GraphQL request out of an HTTP request."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from gateway.domain.errors import DocumentInvalidError
from gateway.routes.media_types import is_json
from gateway.schema.request import GraphQLRequest
from serving.bodies import read_body

__all__ = ["MAX_BODY_BYTES", "MediaTypeRefusedError", "read_get", "read_post"]

MAX_BODY_BYTES = 8 * 1024 * 1024
"""A full batch of 1,000 events with 8 kB each."""

BODY = msgspec.json.Decoder(GraphQLRequest)
OBJECT = msgspec.json.Decoder(dict[str, Any])


class MediaTypeRefusedError(DocumentInvalidError):
    """The body is in a media type that is not read here."""

    code = "media_type_refused"


async def read_post(request: Request) -> GraphQLRequest:
    """Read the body of a POST; raises MediaTypeRefusedError, DocumentInvalidError, a Problem if too long."""
    if not is_json(request.headers.get("content-type", "")):
        raise MediaTypeRefusedError("send the request as application/json in UTF-8")
    body = await read_body(request, limit_bytes=MAX_BODY_BYTES)
    asked: GraphQLRequest = decode(BODY, body, "the body")
    return asked


def read_get(request: Request) -> GraphQLRequest:
    """Read the parameters of a GET; raises DocumentInvalidError."""
    parameters = request.query_params
    if "query" not in parameters:
        raise DocumentInvalidError("a GraphQL request has a query", field="query")
    variables, extensions = (
        decode(OBJECT, parameters[name].encode(), name) if parameters.get(name) else None
        for name in ("variables", "extensions")
    )
    return GraphQLRequest(
        query=parameters["query"],
        variables=variables,
        operation_name=parameters.get("operationName") or None,
        extensions=extensions,
    )


def decode(decoder: msgspec.json.Decoder[Any], raw: bytes, name: str) -> Any:
    """Decode JSON of a known shape; raises DocumentInvalidError, which says what was wrong and where."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        field = path.strip("`.") or None
        raise DocumentInvalidError(f"{name} is no GraphQL request: {message}", field=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DocumentInvalidError(f"{name} is not JSON: {error}") from error
    except RecursionError as error:
        raise DocumentInvalidError(f"{name} is nested too deeply") from error
