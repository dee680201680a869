"""How a refusal reaches the caller: the one standard of this API.

A mutation answers a payload with the thing, or with `errors`; a query has no payload, so the same code,
kind, field and message stand in the response's own `errors`, under `extensions`. What was not expected is
masked in both.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from gateway.schema.declare import object_type, resolved
from serving.context import RequestContext
from serving.problems import Problem, describe

__all__ = ["Advice", "UserError", "camel_field", "find", "naming", "refusal_of", "settle"]

T = TypeVar("T")

S = TypeVar("S")

HEAD = re.compile(r"[.\[]")
UNDERSCORE = re.compile(r"_([a-z0-9])")


class Advises(Protocol):
    """A door's advice."""

    @property
    def field(self) -> str:
        """Its path."""
        ...

    @property
    def message(self) -> str:
        """Its sentence."""
        ...


@object_type
class UserError:
    """Why a mutation was refused; nothing of it was done.

    code: for programs; stable.
    kind: the class of failure: invalid, not_found, conflict, forbidden, too_late, too_many, unavailable.
    field: the part of the input at fault, as a path, such as `document.hours.mon[1]`.
    message: a sentence for people, which names the field and the reason.
    """

    code: str
    kind: str
    field: str | None
    message: str


def camel_field(path: str | None) -> str | None:
    """Write a path of ours in the schema's way; only its first name is an argument's, not a document's."""
    if path is None:
        return None
    head, dot, rest = path.partition(".")
    return UNDERSCORE.sub(lambda match: match[1].upper(), head) + dot + rest


def renamed(message: str, field: str | None, name: str | None) -> str:
    """Let a message that begins with its field begin with the field's name here."""
    if field is None or name is None:
        return message
    begin = f"{field}: "
    return f"{name}: {message[len(begin) :]}" if message.startswith(begin) else message


def advice_field(root: Advises) -> str:
    """Name the part of the input that it is about, as a path."""
    return camel_field(root.field) or ""


def advice_message(root: Advises) -> str:
    """Say it in a sentence for people, which names the field, and what was meant, perhaps."""
    return renamed(root.message, root.field, camel_field(root.field))


@object_type
class Advice:
    """What was saved, or would be, and has no effect: most likely another thing was meant.

    code: for programs; stable.
    """

    code: str
    field: str = resolved(advice_field)
    message: str = resolved(advice_message)


def refusal_of(error: BaseException) -> UserError | None:
    """Say why a door refused; None for an error that nobody expected."""
    problem = describe(error)
    if problem is None:
        return None
    field = camel_field(problem.field)
    message = renamed(problem.detail, problem.field, field)
    return UserError(code=problem.code, kind=problem.kind, field=field, message=message)


async def settle(
    call: Callable[[RequestContext, S], Awaitable[object]], context: RequestContext, request: S
) -> tuple[Any, list[UserError]]:
    """Call a door: what it answered, or None and why it refused; raises what nobody expected.

    The answer is Any because a door's record stands in a payload where the schema has its type.
    """
    try:
        return await call(context, request), []
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        within = field_within(request, refusal.field)
        refusal.message = renamed(refusal.message, refusal.field, within)
        refusal.field = within
        return None, [refusal]


def field_within(request: object, path: str | None) -> str | None:
    """Return a path from the request on: what names none of its fields is inside its document."""
    names: tuple[str, ...] = getattr(request, "__struct_fields__", ())
    if path is None or "document" not in names:
        return path
    head = HEAD.split(path, maxsplit=1)[0]
    known = {camel_field(name) for name in names}
    return path if head in known else f"document.{path}"


@contextmanager
def naming(request: object, **names: str) -> Iterator[None]:
    """Let a refusal name arguments as they are here: those of `names`, and what is inside of a document."""
    try:
        yield
    except Exception as error:
        problem = describe(error)
        if problem is None or problem.field is None:
            raise
        name = names.get(problem.field) or field_within(request, camel_field(problem.field))
        message = renamed(problem.detail, problem.field, name)
        raise Problem(message, code=problem.code, kind=problem.kind, field=name) from error


async def find(work: Awaitable[T]) -> T | None:
    """Await what a door reads: None where it says that there is no such thing."""
    try:
        return await work
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None or refusal.kind != "not_found":
            raise
        return None
