"""A door over HTTP: one route for each call of the Protocol, the same answers as in process."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.authentication import authenticate
from serving.bodies import TOO_LONG, TOO_SLOW, read_body
from serving.problems import Problem, answer, describe
from serving.tokens import InternalTokens

__all__ = ["door_routes", "guarded"]

Endpoint = Callable[[Request], Awaitable[Response]]


def door_routes(door: type, service: object, tokens: InternalTokens) -> list[Route]:
    """Make `POST /doors/<call>` for each call of a door (a Protocol): request in, answer out, as JSON.

    The context comes from the internal token; problems are documents of RFC 9457.
    """
    calls = inspect.getmembers(door, inspect.iscoroutinefunction)
    return [
        Route(f"/doors/{name}", _endpoint(call, getattr(service, name), tokens), methods=["POST"], name=name)
        for name, call in calls
        if not name.startswith("_")
    ]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Answer what an endpoint raises as a problem, if it is one; a fault of ours goes on upwards."""

    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:
            document = describe(error)
            if document is None:
                raise
            response = answer(document, request_id=request.scope.get("request_id"))
            if document.code in {TOO_LONG, TOO_SLOW}:
                response.headers["connection"] = "close"  # what is still to come is not read
            return response

    return answering


def _endpoint(call: Any, method: Callable[..., Awaitable[Any]], tokens: InternalTokens) -> Endpoint:
    decoder = msgspec.json.Decoder(get_type_hints(call)["request"])

    async def serve(request: Request) -> Response:
        context = authenticate(request, tokens)
        body = await read_body(request)
        result = await method(context, _decode(decoder, body))
        return Response(msgspec.json.encode(result), media_type="application/json")

    return guarded(serve)


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        raise Problem(
            message, code="request_invalid", kind="invalid", field=path.rstrip("`") or None
        ) from error
    except msgspec.DecodeError as error:
        raise Problem(f"the body is not JSON: {error}", code="request_invalid", kind="invalid") from error
