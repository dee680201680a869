"""A GraphQL request and its answer, as values."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Answer", "GraphQLRequest"]


class GraphQLRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a client sends, by the GraphQL-over-HTTP specification.

    query: the document. variables: by name. operation_name: which operation of the document.
    extensions: for later; ignored.
    """

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is answered: without `data` the request was refused before anything of it was done."""

    data: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    errors: list[dict[str, Any]] | None = None
