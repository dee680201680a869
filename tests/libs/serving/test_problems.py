from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from pgstore.errors import DatabaseUnavailableError, IdempotencyConflictError
from serving.problems import STATUS_OF_KIND, Kind, Problem, answer, describe, internal_problem, read_problem


class DomainError(Exception):
    """An error of a domain: it knows nothing of problems."""

    code = "window_invalid"
    kind = "invalid"

    def __init__(self, message: str, field: str | None) -> None:
        super().__init__(message)
        self.field = field


def test_every_kind_has_a_status() -> None:
    """The table has no hole."""
    assert set(STATUS_OF_KIND) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("invalid", 400),
        ("unauthenticated", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("conflict", 409),
        ("too_late", 409),
        ("too_many", 429),
        ("unavailable", 503),
    ],
)
def test_a_problem_crosses_the_wire(kind: Kind, status: int) -> None:
    """What was refused here is refused there: code, kind, field and message."""
    document = describe(Problem("no", code="some_code", kind=kind, field="hours.mon[1]"))
    assert document is not None
    response = answer(document, request_id="r-1")
    assert response.status_code == status
    assert response.media_type == "application/problem+json"
    read = read_problem(response.status_code, bytes(response.body))
    assert (str(read), read.code, read.kind, read.field) == ("no", "some_code", kind, "hours.mon[1]")
    assert msgspec.json.decode(response.body)["request_id"] == "r-1"


def test_any_error_with_code_and_kind_is_described() -> None:
    """Domains need no class of ours."""
    document = describe(DomainError("hours.mon[1]: 25:00 is no time", "hours.mon[1]"))
    assert document is not None
    assert (document.status, document.code, document.field) == (400, "window_invalid", "hours.mon[1]")
    assert document.detail == "hours.mon[1]: 25:00 is no time"


def test_an_error_may_have_a_message_for_users() -> None:
    """A message that names servers stays in the log; one that does not goes out."""
    unavailable = describe(DatabaseUnavailableError("postgresql://ada@db/meantime does not answer"))
    assert unavailable is not None
    assert unavailable.detail == "the service cannot use its database at the moment"
    conflict = describe(IdempotencyConflictError("the key was used"))
    assert conflict is not None
    assert (conflict.detail, conflict.status) == ("the key was used", 409)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret"),
        KeyError("code"),
        DomainError("x", None),
        Problem("something went wrong on our side", code="internal", kind="internal"),
    ],
)
def test_other_errors_are_not_described(error: Exception) -> None:
    """An error without code and kind, with a strange kind, or from a fault elsewhere is a fault of ours."""
    if isinstance(error, DomainError):
        error.kind = "strange"
    assert describe(error) is None


def test_a_fault_of_ours_says_nothing_more() -> None:
    """Its document is the same for every fault."""
    assert internal_problem() == internal_problem()
    assert internal_problem().status == 500


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"code": 1}', b'{"kind": "strange"}'])
def test_an_answer_that_is_no_problem_is_unavailable(body: bytes) -> None:
    """Whatever stands between us and the service, a proxy for instance, makes a problem too."""
    problem = read_problem(502, body)
    assert (problem.code, problem.kind) == ("answer_invalid", "unavailable")
