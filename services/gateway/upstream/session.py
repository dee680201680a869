"""What the resolvers of one request share: who asks, the doors, and what was read already."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from calendars.contract import CalendarRecord, ReadCalendar
from clocks.contract import PolicyRecord, ReadPolicy
from credits.contract import AgreementRecord, ReadAgreement
from gateway.domain.tenant import Tenant
from gateway.upstream.doors import Doors
from gateway.upstream.message_tail import MessageTail
from gateway.upstream.once import Once
from gateway.upstream.questions import Questions
from gateway.upstream.webhooks import Webhooks
from serving.context import RequestContext

__all__ = ["ReadTenant", "Session"]

ReadTenant = Callable[[str], Awaitable[Tenant]]


class Session:
    """One request's surroundings, or one event's of a subscription; built for it and dropped after it."""

    def __init__(
        self,
        *,
        context: RequestContext,
        doors: Doors,
        read_tenant: ReadTenant,
        webhooks: Webhooks,
        tail: MessageTail,
    ) -> None:
        self.context = context
        self.webhooks = webhooks
        self.tail = tail
        self.calendars, self.clocks, self.credits = doors
        self.read_tenant = read_tenant
        self.questions = Questions(self.calendars, context)
        self.calendar_by_key: Once[str, CalendarRecord] = Once(
            lambda key: self.calendars.read_calendar(context, ReadCalendar(key=key))
        )
        self.policy_by_key: Once[str, PolicyRecord] = Once(
            lambda key: self.clocks.read_policy(context, ReadPolicy(key=key))
        )
        self.agreement_by_key: Once[str, AgreementRecord] = Once(
            lambda key: self.credits.read_agreement(context, ReadAgreement(key=key))
        )

    def keyed(self, idempotency_key: str | None) -> RequestContext:
        """Return the context of a mutation: with the caller's idempotency key, if it gave one."""
        if idempotency_key is None:
            return self.context
        return msgspec.structs.replace(self.context, idempotency_key=idempotency_key)
