"""What HTTP makes of an error: the one table from kind to status, and the document that carries it."""

from __future__ import annotations

from http import HTTPStatus
from types import MappingProxyType
from typing import Literal, get_args

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

__all__ = [
    "MEDIA_TYPE",
    "STATUS_OF_KIND",
    "Kind",
    "Problem",
    "ProblemDocument",
    "answer",
    "answer_http_exception",
    "describe",
    "internal_problem",
    "read_problem",
]

Kind = Literal[
    "invalid",
    "unauthenticated",
    "forbidden",
    "not_found",
    "conflict",
    "too_late",
    "too_many",
    "unavailable",
    "internal",
]
"""Why a request was refused; `internal` is a fault of ours, and says nothing more."""

STATUS_OF_KIND = MappingProxyType(
    {
        "invalid": HTTPStatus.BAD_REQUEST,
        "unauthenticated": HTTPStatus.UNAUTHORIZED,
        "forbidden": HTTPStatus.FORBIDDEN,
        "not_found": HTTPStatus.NOT_FOUND,
        "conflict": HTTPStatus.CONFLICT,
        "too_late": HTTPStatus.CONFLICT,
        "too_many": HTTPStatus.TOO_MANY_REQUESTS,
        "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
        "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)

MEDIA_TYPE = "application/problem+json"

_KIND_OF_STATUS: MappingProxyType[int, Kind] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: "unauthenticated",
        HTTPStatus.FORBIDDEN: "forbidden",
        HTTPStatus.NOT_FOUND: "not_found",
        HTTPStatus.TOO_MANY_REQUESTS: "too_many",
    }
)
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


class Problem(Exception):  # noqa: N818 - RFC 9457's word, and what crosses a door
    """A refusal that came from, or goes to, the other side of a door; `str` is the message for the user."""

    def __init__(self, message: str, *, code: str, kind: Kind, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.field = field


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem of RFC 9457 with our members: code, kind, field, and the id of the request that met it."""

    title: str
    status: int
    detail: str
    code: str
    kind: Kind
    field: str | None = None
    request_id: str | None = None
    type: str = "about:blank"


def describe(error: BaseException) -> ProblemDocument | None:
    """Describe an error that has `code` and `kind`; None for any other, which nobody outside should read.

    None for kind internal, too: a fault behind a door that we asked is a fault of ours to whoever asked us.
    An error may have `public`, a message for the user where its own is for the operator alone.
    """
    code, kind = getattr(error, "code", None), _KINDS.get(getattr(error, "kind", ""))
    if not isinstance(code, str) or kind is None or kind == "internal":
        return None
    return _document(
        kind=kind,
        code=code,
        detail=getattr(error, "public", None) or str(error),
        field=getattr(error, "field", None),
    )


def internal_problem() -> ProblemDocument:
    """Make the document of a fault of ours: it says that, and nothing else."""
    return _document(kind="internal", code="internal", detail="something went wrong on our side")


def read_problem(status: int, body: bytes) -> Problem:
    """Read an answer that is no success: the problem that it carries, or one that says what came instead."""
    try:
        document = msgspec.json.decode(body, type=ProblemDocument)
    except msgspec.DecodeError:
        return Problem(f"answered {status} without saying why", code="answer_invalid", kind="unavailable")
    return Problem(document.detail, code=document.code, kind=document.kind, field=document.field)


def answer(document: ProblemDocument, *, request_id: str | None = None) -> Response:
    """Make the HTTP response of a document."""
    document = msgspec.structs.replace(document, request_id=request_id or document.request_id)
    return Response(msgspec.json.encode(document), status_code=document.status, media_type=MEDIA_TYPE)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Answer Starlette's own refusals (no such path, wrong method) as problems too; an exception handler."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    document = ProblemDocument(
        title=status.phrase,
        status=status,
        detail=f"{request.method} {request.url.path}: {status.phrase.lower()}",
        code=status.name.lower(),
        kind=_KIND_OF_STATUS.get(status, "invalid"),
    )
    response = answer(document, request_id=request.scope.get("request_id"))
    response.headers.update(error.headers or {})
    return response


def _document(*, kind: Kind, code: str, detail: str, field: str | None = None) -> ProblemDocument:
    status = STATUS_OF_KIND[kind]
    return ProblemDocument(
        title=status.phrase, status=status, detail=detail, code=code, kind=kind, field=field
    )
