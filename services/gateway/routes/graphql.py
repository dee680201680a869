"""`/graphql`, by the GraphQL-over-HTTP specification."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.domain.errors import DocumentInvalidError
from gateway.routes.credentials import OpenSession, Verify, refuse_credential
from gateway.routes.media_types import GRAPHQL_JSON, accepted_type
from gateway.routes.reading import MAX_BODY_BYTES, MediaTypeRefusedError, read_get, read_post
from gateway.schema.engine import Engine, MutationRefusedError
from gateway.schema.failures import refusal_of
from gateway.schema.request import Answer, GraphQLRequest
from serving.admission import TOO_BUSY, Admission
from serving.bodies import TOO_LONG, TOO_SLOW
from serving.context import RequestContext
from serving.problems import Problem
from serving.telemetry import name_tenant

__all__ = ["GraphQLEndpoint"]


SMALL_BYTES = 4 * 1024
"""Up to this size a request is no burden: questions pass by the batches that wait."""

CAPACITY_BYTES = 32 * 1024 * 1024
MAX_WAITING = 256
PATIENCE_S = 10.0
RETRY_AFTER_S = "1"


class GraphQLEndpoint:
    """Answers GraphQL requests of those who have a credential; of large ones only so much at once."""

    def __init__(self, *, verify: Verify, open_session: OpenSession, engine: Engine) -> None:
        self._verify = verify
        self._open_session = open_session
        self._engine = engine
        self._bodies = Admission(
            "bodies", capacity=CAPACITY_BYTES, waiting=MAX_WAITING, patience_s=PATIENCE_S
        )

    def route(self) -> Route:
        """Return the route; methods that it does not list get a 405."""
        return Route("/graphql", self._serve, methods=["GET", "POST"])

    async def _serve(self, request: Request) -> Response:
        if is_browser(request):
            return RedirectResponse("/", status_code=HTTPStatus.SEE_OTHER)
        media_type = accepted_type(request)
        if media_type is None:
            return refuse_media_type()
        try:
            context = await self._verify(request.headers.get("authorization"), request.scope["request_id"])
        except Exception as error:  # noqa: BLE001 - what is no refusal of a credential is raised again
            return refuse_credential(request, error)
        name_tenant(context.tenant_id)
        size_bytes = announced_bytes(request)
        if size_bytes <= SMALL_BYTES:
            return await self._read(request, context, media_type)
        try:
            async with self._bodies.admit(context.tenant_id, size_bytes):
                return await self._read(request, context, media_type)
        except Problem as error:
            return refuse_request(error, media_type)

    async def _read(self, request: Request, context: RequestContext, media_type: str) -> Response:
        try:
            asked = await read_post(request) if request.method == "POST" else read_get(request)
        except Exception as error:  # noqa: BLE001 - what is no refusal of a request is raised again
            return refuse_request(error, media_type)
        return await self._answer(request, asked, context, media_type)

    async def _answer(
        self, request: Request, asked: GraphQLRequest, context: RequestContext, media_type: str
    ) -> Response:
        try:
            answer = await self._engine.answer(
                asked, self._open_session(context), may_change=request.method == "POST"
            )
        except MutationRefusedError:
            refusal = refuse_request(DocumentInvalidError("a mutation is sent by POST"), media_type)
            refusal.status_code = HTTPStatus.METHOD_NOT_ALLOWED
            refusal.headers["allow"] = "POST"
            return refusal
        except Problem as error:
            return refuse_request(error, media_type)
        refused = answer.data is msgspec.UNSET and media_type == GRAPHQL_JSON
        return write(answer, HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK, media_type)


def announced_bytes(request: Request) -> int:
    """Return how long the body is; one that does not say may be as long as is allowed."""
    if request.method != "POST":
        return 0
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isascii() and announced.isdigit() else MAX_BODY_BYTES


def is_browser(request: Request) -> bool:
    """Say whether a person opened the address in a browser: GET, no query, and HTML wanted."""
    wants_html = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and wants_html and "query" not in request.query_params


def refuse_media_type() -> Response:
    """Answer a client that takes neither media type of GraphQL."""
    refusal = DocumentInvalidError(f"accept {GRAPHQL_JSON} or application/json")
    response = refuse_request(refusal, "application/json")
    response.status_code = HTTPStatus.NOT_ACCEPTABLE
    return response


def refuse_request(error: Exception, media_type: str) -> Response:
    """Answer what is not run: 400, 408, 413, 415 or 429, in the shape of a GraphQL answer."""
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    status = STATUS_OF_CODE.get(refusal.code, HTTPStatus.BAD_REQUEST)
    extensions = {"code": refusal.code, "kind": refusal.kind}
    if refusal.field:
        extensions["field"] = refusal.field
    answer = write(
        Answer(errors=[{"message": refusal.message, "extensions": extensions}]), status, media_type
    )
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["retry-after"] = RETRY_AFTER_S
    if status is HTTPStatus.REQUEST_TIMEOUT:
        answer.headers["connection"] = "close"  # what is still to come is not read
    return answer


STATUS_OF_CODE = {
    TOO_BUSY: HTTPStatus.TOO_MANY_REQUESTS,
    TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    TOO_LONG: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MediaTypeRefusedError.code: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}


def write(answer: Answer, status: HTTPStatus, media_type: str) -> Response:
    """Write an answer; instants are written in UTC by the encoder."""
    headers = {"content-type": f"{media_type}; charset=utf-8", "cache-control": "no-store"}
    return Response(msgspec.json.encode(answer), status_code=status, headers=headers)
