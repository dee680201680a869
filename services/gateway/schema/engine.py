"""Runs GraphQL requests: document made ready, executed, answered."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType

from gateway.domain.errors import LimitExceededError
from gateway.schema.build import executable_schema
from gateway.schema.documents import Documents, Prepared
from gateway.schema.executor import LeafExecutor
from gateway.schema.limits import check_lists
from gateway.schema.masking import format_field_errors, format_limit, format_request_errors
from gateway.schema.request import Answer, GraphQLRequest
from gateway.upstream.session import Session

__all__ = ["Engine", "MutationRefusedError"]


class MutationRefusedError(Exception):
    """The request came by a method that must not change anything, and would."""


class Engine:
    """The schema, ready to answer; one for the process."""

    def __init__(self) -> None:
        self._schema = executable_schema()
        self._documents = Documents(self._schema)

    async def answer(self, request: GraphQLRequest, session: Session, *, may_change: bool) -> Answer:
        """Answer one request; raises MutationRefusedError, nothing else."""
        variables = request.variables or {}
        try:
            check_lists(variables)
            prepared = self._documents.prepare(request.query, variables)
        except LimitExceededError as error:
            return Answer(errors=[format_limit(error)])
        if isinstance(prepared, list):
            return Answer(errors=format_request_errors(prepared, code="document_invalid"))
        operation = prepared.operation(request.operation_name)
        if operation and operation.operation is not OperationType.QUERY and not may_change:
            raise MutationRefusedError
        return await self._run(prepared, request, session)

    async def _run(self, prepared: Prepared, request: GraphQLRequest, session: Session) -> Answer:
        executor = LeafExecutor.build(
            self._schema,
            prepared.document,
            context_value=session,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
            max_coercion_errors=MAX_ERRORS,
        )
        if isinstance(executor, list):
            return Answer(errors=format_request_errors(executor, code="variables_invalid"))
        result: Any = executor.execute_operation()
        if executor.is_awaitable(result):
            result = await result
        return write_answer(result, session.context.request_id)


MAX_ERRORS = 20


def write_answer(result: ExecutionResult, request_id: str) -> Answer:
    """Write what came of running an operation."""
    errors: list[GraphQLError] | None = result.errors
    return Answer(data=result.data, errors=format_field_errors(errors, request_id) if errors else None)
