"""Runs GraphQL requests: document made ready, executed, answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, TypeAlias, cast

from graphql import ExecutionResult, GraphQLError, OperationType, create_source_event_stream

from gateway.domain.errors import LimitExceededError
from gateway.schema.build import executable_schema
from gateway.schema.bulk import read_bulk
from gateway.schema.documents import Documents, Prepared
from gateway.schema.executor import LeafExecutor
from gateway.schema.limits import check_lists
from gateway.schema.masking import format_field_errors, format_limit, format_request_errors
from gateway.schema.request import Answer, GraphQLRequest
from gateway.upstream.session import Session
from pgstore.shares import Shares
from serving.admission import Admission

__all__ = ["Engine", "MakeSession", "MutationRefusedError"]

MakeSession: TypeAlias = Callable[[], Session]

SUBSCRIPTION_REFUSED = {
    "message": "a subscription needs a WebSocket: connect to /graphql with graphql-transport-ws",
    "extensions": {"code": "request_invalid", "kind": "invalid"},
}


class MutationRefusedError(Exception):
    """The request came by a method that must not change anything, and would."""


MAX_ANSWERED = 64
"""How many operations are under way at once, of all tenants; one alone has half of it."""

MAX_WAITING = 256
PATIENCE_S = 10.0


class Engine:
    """The schema, ready to answer; one for the process.

    Whatever is executed, by HTTP or on a socket, waits for its tenant's turn. An event of a subscription is
    not refused: there is one at a time of each, and there are only so many.
    """

    def __init__(self) -> None:
        self._schema = executable_schema()
        self._documents = Documents(self._schema)
        self._turns = Admission(
            "operations", capacity=MAX_ANSWERED, waiting=MAX_WAITING, patience_s=PATIENCE_S
        )
        self._events = Shares(MAX_ANSWERED)

    async def answer(self, request: GraphQLRequest, session: Session, *, may_change: bool) -> Answer:
        """Answer one request; raises MutationRefusedError, a Problem where too much is under way."""
        prepared = self._prepare(request)
        if isinstance(prepared, Answer):
            return prepared
        operation = prepared.operation(request.operation_name)
        if operation and operation.operation is OperationType.SUBSCRIPTION:
            return Answer(errors=[SUBSCRIPTION_REFUSED])
        if operation and operation.operation is not OperationType.QUERY and not may_change:
            raise MutationRefusedError
        async with self._turns.admit(session.context.tenant_id):
            return await self._run(prepared, request, session)

    async def subscribe(
        self, request: GraphQLRequest, make_session: MakeSession
    ) -> Answer | AsyncGenerator[Answer, None]:
        """Answer a query or mutation, or begin a subscription: an answer for each of its events.

        Each event is answered in a session of its own, so that what is read is of that moment. Raises a
        Problem where too much is under way.
        """
        prepared = self._prepare(request)
        if isinstance(prepared, Answer):
            return prepared
        operation = prepared.operation(request.operation_name)
        session = make_session()
        if operation is None or operation.operation is not OperationType.SUBSCRIPTION:
            async with self._turns.admit(session.context.tenant_id):
                return await self._run(prepared, request, session)
        executor = self._executor(prepared, request, session)
        if isinstance(executor, Answer):
            return executor
        source: Any = create_source_event_stream(executor)
        if executor.is_awaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            refused = write_answer(source, session.context.request_id)
            return Answer(errors=refused.errors)
        return self._answer_events(source, prepared, request, make_session)

    async def _answer_events(
        self,
        source: AsyncGenerator[object, None],
        prepared: Prepared,
        request: GraphQLRequest,
        make_session: MakeSession,
    ) -> AsyncGenerator[Answer, None]:
        async with aclosing(source) as events:
            try:
                async for event in events:
                    session = make_session()
                    async with self._events.hold(session.context.tenant_id):
                        answer = await self._run(prepared, request, session, event=event)
                    yield answer
            except Exception as error:  # noqa: BLE001 - told as any field's error is, or masked
                errors = [GraphQLError(str(error), original_error=error)]
                yield Answer(errors=format_field_errors(errors, make_session().context.request_id))

    def _prepare(self, request: GraphQLRequest) -> Prepared | Answer:
        """Make the document ready, or say why not."""
        variables = request.variables or {}
        try:
            check_lists(variables)
            prepared = self._documents.prepare(request.query, variables)
        except LimitExceededError as error:
            return Answer(errors=[format_limit(error)])
        if isinstance(prepared, list):
            return Answer(errors=format_request_errors(prepared, code="document_invalid"))
        return prepared

    def _executor(
        self, prepared: Prepared, request: GraphQLRequest, session: Session, event: object = None
    ) -> LeafExecutor | Answer:
        variables, found = read_bulk(prepared.bulk(request.operation_name), request.variables or {})
        executor = LeafExecutor.build(
            self._schema,
            prepared.document,
            root_value=event,
            context_value=session,
            raw_variable_values=variables,
            operation_name=request.operation_name,
            max_coercion_errors=MAX_ERRORS,
        )
        if isinstance(executor, list):
            return Answer(errors=format_request_errors(executor, code="variables_invalid"))
        executor.variable_values.coerced.update(found)
        return cast("LeafExecutor", executor)

    async def _run(
        self, prepared: Prepared, request: GraphQLRequest, session: Session, event: object = None
    ) -> Answer:
        executor = self._executor(prepared, request, session, event)
        if isinstance(executor, Answer):
            return executor
        result: Any = executor.execute_operation()
        if executor.is_awaitable(result):
            result = await result
        return write_answer(result, session.context.request_id)


MAX_ERRORS = 20


def write_answer(result: ExecutionResult, request_id: str) -> Answer:
    """Write what came of running an operation."""
    errors: list[GraphQLError] | None = result.errors
    return Answer(data=result.data, errors=format_field_errors(errors, request_id) if errors else None)
