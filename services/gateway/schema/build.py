"""Puts the schema together, once for the process."""

from __future__ import annotations

from functools import cache

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.mutation import Mutation
from gateway.schema.query import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.subscription import Subscription

__all__ = ["build_schema", "executable_schema"]


@cache
def build_schema() -> strawberry.Schema:
    """Return the schema; it holds no state, so all requests and apps of a process share it."""
    config = StrawberryConfig(scalar_map=SCALARS)
    return strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription, config=config)


def executable_schema() -> GraphQLSchema:
    """Return the schema as graphql-core executes it."""
    return build_schema()._schema  # noqa: SLF001 - Strawberry has no public name for it
